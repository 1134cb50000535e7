// SPDX-License-Identifier: Apache-2.0
#include "common/model/jsonfields.h"

#include <cmath>
#include <limits>

namespace gatehouse::model {

namespace {

/// Whole numbers beyond 2^53 arrive exactly; QJsonValue keeps those as integers of its own.
std::optional<qint64> wholeNumber(const QJsonValue& value)
{
    if (!value.isDouble())
        return std::nullopt;
    constexpr qint64 low = std::numeric_limits<qint64>::min();
    constexpr qint64 high = std::numeric_limits<qint64>::max();
    const qint64 whole = value.toInteger(low);
    if (whole == low || value.toInteger(high) != whole)
        return std::nullopt;
    return whole;
}

} // namespace

QString JsonFields::text(QLatin1StringView key)
{
    const QJsonValue value = m_object.value(key);
    if (!value.isString())
        m_ok = false;
    return value.toString();
}

qint64 JsonFields::integer(QLatin1StringView key)
{
    const std::optional<qint64> whole = wholeNumber(m_object.value(key));
    if (!whole)
        m_ok = false;
    return whole.value_or(0);
}

qint64 JsonFields::count(QLatin1StringView key)
{
    const qint64 value = integer(key);
    if (value < 0)
        m_ok = false;
    return value;
}

double JsonFields::number(QLatin1StringView key)
{
    const QJsonValue value = m_object.value(key);
    if (!value.isDouble() || !std::isfinite(value.toDouble()))
        m_ok = false;
    return value.toDouble();
}

bool JsonFields::boolean(QLatin1StringView key)
{
    const QJsonValue value = m_object.value(key);
    if (!value.isBool())
        m_ok = false;
    return value.toBool();
}

std::optional<qint64> JsonFields::integerOrNull(QLatin1StringView key)
{
    const QJsonValue value = m_object.value(key);
    if (value.isNull())
        return std::nullopt;
    return integer(key);
}

std::optional<QJsonObject> JsonFields::objectOrNull(QLatin1StringView key)
{
    const QJsonValue value = m_object.value(key);
    if (value.isNull())
        return std::nullopt;
    if (!value.isObject())
        m_ok = false;
    return value.toObject();
}

std::vector<QString> JsonFields::texts(QLatin1StringView key)
{
    std::vector<QString> result;
    for (const QJsonValue& value : array(key)) {
        if (!value.isString())
            m_ok = false;
        result.push_back(value.toString());
    }
    return result;
}

QJsonArray JsonFields::array(QLatin1StringView key)
{
    const QJsonValue value = m_object.value(key);
    if (!value.isArray())
        m_ok = false;
    return value.toArray();
}

QJsonValue orNull(const std::optional<qint64>& value)
{
    return value ? QJsonValue(*value) : QJsonValue(QJsonValue::Null);
}

bool isIdentityKind(const QString& kind)
{
    using L = QLatin1StringView;
    for (const L known : {L("anonymous"), L("user"), L("node"), L("service"), L("admin")}) {
        if (kind == known)
            return true;
    }
    return false;
}

} // namespace gatehouse::model
