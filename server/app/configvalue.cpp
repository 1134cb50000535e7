// SPDX-License-Identifier: Apache-2.0
#include "server/app/configvalue.h"

#include <array>
#include <limits>

namespace gatehouse::app {

namespace {

struct Unit
{
    QLatin1StringView name;
    qint64 factor;
};

// From large to small: the first that divides a value without rest is the one to print.
constexpr std::array durationUnits{
    Unit{QLatin1StringView("d"), 86'400'000},
    Unit{QLatin1StringView("h"), 3'600'000},
    Unit{QLatin1StringView("m"), 60'000},
    Unit{QLatin1StringView("s"), 1'000},
    Unit{QLatin1StringView("ms"), 1},
};
constexpr std::array sizeUnits{
    Unit{QLatin1StringView("GiB"), 1LL << 30},
    Unit{QLatin1StringView("GB"), 1'000'000'000},
    Unit{QLatin1StringView("MiB"), 1LL << 20},
    Unit{QLatin1StringView("MB"), 1'000'000},
    Unit{QLatin1StringView("KiB"), 1LL << 10},
    Unit{QLatin1StringView("kB"), 1'000},
    Unit{QLatin1StringView("B"), 1},
};

template <size_t N>
std::optional<qint64> parseWithUnit(QStringView text, const std::array<Unit, N>& units)
{
    qsizetype digits = 0;
    while (digits < text.size() && text[digits] >= u'0' && text[digits] <= u'9') {
        ++digits;
    }
    bool ok = false;
    const qint64 number = text.first(digits).toLongLong(&ok);
    const QStringView unitName = text.sliced(digits).trimmed();
    if (!ok) {
        return std::nullopt;
    }
    for (const Unit& unit : units) {
        if (unitName == unit.name) {
            if (number > std::numeric_limits<qint64>::max() / unit.factor) {
                return std::nullopt;
            }
            return number * unit.factor;
        }
    }
    return std::nullopt;
}

template <size_t N>
QString printWithUnit(qint64 value, const std::array<Unit, N>& units)
{
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return QString::number(value / unit.factor) + unit.name;
        }
    }
    return u'0' + units[N - 1].name;
}

QString quoted(const QString& text)
{
    QString result = QStringLiteral("\"");
    for (const QChar c : text) {
        if (c == u'"' || c == u'\\') {
            result += u'\\';
            result += c;
        } else if (c < QChar(0x20) || c == QChar(0x7f)) {
            result += QStringLiteral("\\u%1").arg(c.unicode(), 4, 16, QChar(u'0'));
        } else {
            result += c;
        }
    }
    return result + u'"';
}

Result<ConfigValue> flagFromText(const QString& text)
{
    if (text == QLatin1StringView("true")) {
        return ConfigValue{true};
    }
    if (text == QLatin1StringView("false")) {
        return ConfigValue{false};
    }
    return failure(ErrorCode::BadRequest, QStringLiteral("expected true or false"));
}

Result<ConfigValue> countFromText(const QString& text)
{
    bool ok = false;
    const qint64 number = text.toLongLong(&ok);
    if (!ok) {
        return failure(ErrorCode::BadRequest, QStringLiteral("expected a whole number"));
    }
    return ConfigValue{number};
}

} // namespace

QString typeName(ConfigType type)
{
    switch (type) {
    case ConfigType::Flag:
        return QStringLiteral("true or false");
    case ConfigType::Count:
        return QStringLiteral("a whole number");
    case ConfigType::Size:
        return QStringLiteral("a size such as 1000000, \"16KiB\" or \"1MB\"");
    case ConfigType::Duration:
        return QStringLiteral("a duration such as \"250ms\", \"30s\", \"10m\" or \"6h\"");
    case ConfigType::Text:
    case ConfigType::Choice:
    case ConfigType::Secret:
        return QStringLiteral("a text");
    case ConfigType::Path:
        return QStringLiteral("a path");
    case ConfigType::TextList:
        return QStringLiteral("a list of texts");
    case ConfigType::PathList:
        return QStringLiteral("a list of paths");
    }
    return {};
}

Result<qint64> durationFromText(QStringView text)
{
    if (const auto value = parseWithUnit(text, durationUnits)) {
        return *value;
    }
    return failure(ErrorCode::BadRequest, u"expected " + typeName(ConfigType::Duration));
}

QString durationToText(qint64 milliseconds)
{
    return printWithUnit(milliseconds, durationUnits);
}

Result<qint64> sizeFromText(QStringView text)
{
    bool ok = false;
    const qint64 octets = text.toLongLong(&ok);
    if (ok && octets >= 0) {
        return octets;
    }
    if (const auto value = parseWithUnit(text, sizeUnits)) {
        return *value;
    }
    return failure(ErrorCode::BadRequest, u"expected " + typeName(ConfigType::Size));
}

QString sizeToText(qint64 octets)
{
    return printWithUnit(octets, sizeUnits);
}

Result<ConfigValue> configValueFromText(ConfigType type, const QString& text)
{
    switch (type) {
    case ConfigType::Flag:
        return flagFromText(text);
    case ConfigType::Count:
        return countFromText(text);
    case ConfigType::Size:
        return sizeFromText(text).map([](qint64 octets) { return ConfigValue{octets}; });
    case ConfigType::Duration:
        return durationFromText(text).map([](qint64 ms) { return ConfigValue{ms}; });
    case ConfigType::Text:
    case ConfigType::Choice:
    case ConfigType::Secret:
    case ConfigType::Path:
        return ConfigValue{text};
    case ConfigType::TextList:
    case ConfigType::PathList: {
        QStringList items;
        for (const QString& item : text.split(u',', Qt::SkipEmptyParts)) {
            items.append(item.trimmed());
        }
        return ConfigValue{items};
    }
    }
    return failure(ErrorCode::Internal);
}

QString configValueToToml(ConfigType type, const ConfigValue& value)
{
    switch (type) {
    case ConfigType::Flag:
        return std::get<bool>(value) ? QStringLiteral("true") : QStringLiteral("false");
    case ConfigType::Count:
        return QString::number(std::get<qint64>(value));
    case ConfigType::Size:
        return quoted(sizeToText(std::get<qint64>(value)));
    case ConfigType::Duration:
        return quoted(durationToText(std::get<qint64>(value)));
    case ConfigType::Text:
    case ConfigType::Choice:
    case ConfigType::Secret:
    case ConfigType::Path:
        return quoted(std::get<QString>(value));
    case ConfigType::TextList:
    case ConfigType::PathList: {
        QStringList items;
        for (const QString& item : std::get<QStringList>(value)) {
            items.append(quoted(item));
        }
        return u'[' + items.join(QStringLiteral(", ")) + u']';
    }
    }
    return {};
}

} // namespace gatehouse::app
