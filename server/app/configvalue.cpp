// SPDX-License-Identifier: Apache-2.0
#include "server/app/configvalue.h"

namespace gatehouse::app {

namespace {

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
        return sizeDescription();
    case ConfigType::Duration:
        return durationDescription();
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
