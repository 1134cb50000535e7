// SPDX-License-Identifier: Apache-2.0
#include "server/app/configkey.h"

#include <algorithm>
#include <limits>

namespace gatehouse::app {

namespace {

// Damerau-Levenshtein, adjacent transpositions only: what a slip of the fingers does.
int editDistance(QStringView a, QStringView b)
{
    const auto width = static_cast<size_t>(b.size()) + 1;
    std::vector<std::vector<int>> d(static_cast<size_t>(a.size()) + 1, std::vector<int>(width));
    for (size_t i = 0; i < d.size(); ++i) {
        for (size_t j = 0; j < width; ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = static_cast<int>(i + j);
                continue;
            }
            const QChar x = a[static_cast<qsizetype>(i) - 1];
            const QChar y = b[static_cast<qsizetype>(j) - 1];
            d[i][j]
                = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (x == y ? 0 : 1)});
            if (i > 1 && j > 1 && x == b[static_cast<qsizetype>(j) - 2]
                && a[static_cast<qsizetype>(i) - 2] == y) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d.back().back();
}

int tolerance(QStringView word)
{
    return std::max<int>(1, static_cast<int>(word.size()) / 3);
}

} // namespace

QString ConfigKey::environmentName() const
{
    return u"GATEHOUSE_" + section.toUpper() + u'_' + name.toUpper();
}

QString ConfigKey::rangeText() const
{
    const bool unbounded = max == std::numeric_limits<qint64>::max();
    switch (type) {
    case ConfigType::Choice:
        return choices.join(QStringLiteral(", "));
    case ConfigType::Count:
        return unbounded ? QString()
                         : QString::number(min) + QStringLiteral(" to ") + QString::number(max);
    case ConfigType::Size:
        return unbounded ? QString() : sizeToText(min) + QStringLiteral(" to ") + sizeToText(max);
    case ConfigType::Duration:
        return unbounded ? QString()
                         : durationToText(min) + QStringLiteral(" to ") + durationToText(max);
    default:
        return {};
    }
}

QString ConfigKey::problemWith(const ConfigValue& value) const
{
    if (type == ConfigType::Choice && !choices.contains(std::get<QString>(value))) {
        return QStringLiteral("expected one of ") + rangeText();
    }
    if (const auto* amount = std::get_if<qint64>(&value);
        amount && (*amount < min || *amount > max)) {
        return QStringLiteral("out of range, expected ") + rangeText();
    }
    return check ? check(value) : QString();
}

const ConfigKey* findConfigKey(const QString& section, const QString& name)
{
    for (const ConfigKey& key : configKeys()) {
        if (key.section == section && key.name == name) {
            return &key;
        }
    }
    return nullptr;
}

QString nearestConfigKey(const QString& section, const QString& name)
{
    QString best;
    int bestScore = std::numeric_limits<int>::max();
    for (const ConfigKey& key : configKeys()) {
        const int distance = editDistance(name, key.name);
        // The right key in the wrong section is a frequent slip, but the own section goes first.
        const int score = 2 * distance + (key.section == section ? 0 : 1);
        if (distance <= tolerance(name) && score < bestScore) {
            bestScore = score;
            best = key.fullName();
        }
    }
    return best;
}

QString nearestConfigSection(const QString& name)
{
    QString best;
    int bestDistance = tolerance(name) + 1;
    for (const ConfigSection& section : configSections()) {
        const int distance = editDistance(name, section.name);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = section.name;
        }
    }
    return best;
}

} // namespace gatehouse::app
