// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QLatin1StringView>
#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::model {

/// Reads the fields of one item strictly: a missing field or one of another type clears ok(), and
/// the caller throws the whole item away. Unknown fields are ignored, so that a newer server can
/// add some. Lives on the stack of one fromJson().
class JsonFields
{
public:
    explicit JsonFields(const QJsonObject& object) : m_object(object) { }

    QString text(QLatin1StringView key);
    qint64 integer(QLatin1StringView key); ///< a number without a fraction
    qint64 count(QLatin1StringView key); ///< an integer that is not negative
    double number(QLatin1StringView key);
    bool boolean(QLatin1StringView key);
    std::optional<qint64> integerOrNull(QLatin1StringView key); ///< null must be spelled out
    std::optional<QJsonObject> objectOrNull(QLatin1StringView key); ///< likewise
    std::vector<QString> texts(QLatin1StringView key);

    /// An array of objects, each read by Item::fromJson().
    template <class Item>
    std::vector<Item> items(QLatin1StringView key)
    {
        std::vector<Item> result;
        for (const QJsonValue& value : array(key)) {
            std::optional<Item> item;
            if (value.isObject())
                item = Item::fromJson(value.toObject());
            if (!item) {
                m_ok = false;
                return {};
            }
            result.push_back(std::move(*item));
        }
        return result;
    }

    bool ok() const { return m_ok; }
    void fail() { m_ok = false; }

private:
    QJsonArray array(QLatin1StringView key);

    const QJsonObject& m_object;
    bool m_ok = true;
};

QJsonValue orNull(const std::optional<qint64>& value);

/// True for the five names an identity can have: "anonymous", "user", "node", "service", "admin".
bool isIdentityKind(const QString& kind);

} // namespace gatehouse::model
