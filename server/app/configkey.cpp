// SPDX-License-Identifier: Apache-2.0
#include "server/app/configkey.h"

#include "common/core/slips.h"

#include <algorithm>
#include <limits>

namespace gatehouse::app {

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
        const int distance = slipDistance(name, key.name);
        // The right key in the wrong section is a frequent slip, but the own section goes first.
        const int score = 2 * distance + (key.section == section ? 0 : 1);
        if (distance <= slipTolerance(name) && score < bestScore) {
            bestScore = score;
            best = key.fullName();
        }
    }
    return best;
}

QString nearestConfigSection(const QString& name)
{
    QStringList names;
    for (const ConfigSection& section : configSections())
        names.append(section.name);
    return nearestWord(name, names);
}

} // namespace gatehouse::app
