// SPDX-License-Identifier: Apache-2.0
#include "common/core/quantities.h"

#include <array>
#include <limits>
#include <optional>

namespace gatehouse {

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

} // namespace

QString durationDescription()
{
    return QStringLiteral("a duration such as \"250ms\", \"30s\", \"10m\" or \"6h\"");
}

QString sizeDescription()
{
    return QStringLiteral("a size such as 1000000, \"16KiB\" or \"1MB\"");
}

Result<qint64> durationFromText(QStringView text)
{
    if (const auto value = parseWithUnit(text, durationUnits)) {
        return *value;
    }
    return failure(ErrorCode::BadRequest, u"expected " + durationDescription());
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
    return failure(ErrorCode::BadRequest, u"expected " + sizeDescription());
}

QString sizeToText(qint64 octets)
{
    return printWithUnit(octets, sizeUnits);
}

} // namespace gatehouse
