// SPDX-License-Identifier: Apache-2.0
#include "server/app/configurationreader.h"

#include "common/core/slips.h"
#include "server/relay/emittersource.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>

#include <algorithm>
#include <limits>
#include <sstream>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace gatehouse::app {

namespace {

QString fromToml(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// Line and column in "file:line:column: …"; what is of no line comes last. Mistakes are found
/// table by table, and told in the order of the file.
std::pair<int, int> placeOf(const QString& mistake)
{
    static const QRegularExpression place(QStringLiteral(":(\\d+):(\\d+): "));
    const QRegularExpressionMatch match = place.match(mistake);
    constexpr int last = std::numeric_limits<int>::max();
    return match.hasMatch() ? std::pair{match.captured(1).toInt(), match.captured(2).toInt()}
                            : std::pair{last, last};
}

QString didYouMean(const QString& name)
{
    return name.isEmpty() ? QString() : QStringLiteral("; did you mean \"%1\"?").arg(name);
}

Result<ConfigValue> wrongType(ConfigType type)
{
    return failure(ErrorCode::BadRequest, u"expected " + typeName(type));
}

std::optional<QStringList> textsOf(const toml::node& node)
{
    const toml::array* array = node.as_array();
    if (!array) {
        return std::nullopt;
    }
    QStringList items;
    for (const toml::node& item : *array) {
        const auto text = item.value_exact<std::string_view>();
        if (!text) {
            return std::nullopt;
        }
        items.append(fromToml(*text));
    }
    return items;
}

// TOML has types; a value of another one is a mistake, not something to convert.
Result<ConfigValue> valueOf(ConfigType type, const toml::node& node)
{
    const auto text = node.value_exact<std::string_view>();
    const auto integer = node.value_exact<int64_t>();
    switch (type) {
    case ConfigType::Flag:
        if (const auto flag = node.value_exact<bool>()) {
            return ConfigValue{*flag};
        }
        break;
    case ConfigType::Count:
        if (integer) {
            return ConfigValue{static_cast<qint64>(*integer)};
        }
        break;
    case ConfigType::Size:
        if (integer) {
            return ConfigValue{static_cast<qint64>(*integer)};
        }
        [[fallthrough]];
    case ConfigType::Duration:
        if (text) {
            return configValueFromText(type, fromToml(*text));
        }
        break;
    case ConfigType::Text:
    case ConfigType::Path:
    case ConfigType::Choice:
    case ConfigType::Secret:
        if (text) {
            return ConfigValue{fromToml(*text)};
        }
        break;
    case ConfigType::TextList:
    case ConfigType::PathList:
        if (auto items = textsOf(node)) {
            return ConfigValue{*items};
        }
        break;
    }
    return wrongType(type);
}

ConfigPlace placeOf(const toml::source_region& source)
{
    return {int(source.begin.line), int(source.begin.column)};
}

ConfigNode treeOf(const toml::node& node)
{
    const ConfigPlace place = placeOf(node.source());
    if (const toml::table* table = node.as_table()) {
        ConfigMembers members;
        for (const auto& [key, value] : *table)
            members.push_back({fromToml(key.str()), placeOf(key.source()), treeOf(value)});
        return {members, place};
    }
    if (const toml::array* array = node.as_array()) {
        ConfigArray items;
        for (const toml::node& item : *array)
            items.push_back(treeOf(item));
        return {items, place};
    }
    if (const auto flag = node.value_exact<bool>())
        return {*flag, place};
    if (const auto integer = node.value_exact<int64_t>())
        return {qint64(*integer), place};
    if (const auto number = node.value_exact<double>())
        return {*number, place};
    if (const auto text = node.value_exact<std::string_view>())
        return {fromToml(*text), place};
    std::ostringstream text; // a date or a time
    text << toml::node_view<const toml::node>(node);
    return {QString::fromStdString(text.str()), place};
}

QString resolved(const QString& path, const QString& base)
{
    return path.isEmpty() || base.isEmpty() ? path
                                            : QDir::cleanPath(QDir(base).absoluteFilePath(path));
}

} // namespace

struct ConfigurationReader::TomlWalk
{
    ConfigurationReader& reader;
    QString file;
    QString base;

    QString place(const toml::source_position& at) const
    {
        return QStringLiteral("%1:%2:%3").arg(file).arg(at.line).arg(at.column);
    }

    void complain(const toml::source_position& at, const QString& text) const
    {
        reader.m_report.errors.append(place(at) + QStringLiteral(": ") + text);
    }

    void visit(const toml::table& root) const
    {
        visitTables(root);
        for (const auto& [key, node] : root) {
            const QString name = fromToml(key.str());
            if (relayTableNames().contains(name) || name == QLatin1StringView("listener"))
                continue;
            const bool known = std::ranges::any_of(configSections(),
                [&](const ConfigSection& section) { return section.name == name; });
            if (!known) {
                const QString near = node.is_table() ? nearestConfigSection(name)
                                                     : nearestConfigKey(QString(), name);
                complain(key.source().begin,
                    (node.is_table() ? QStringLiteral("unknown section [%1]")
                                     : QStringLiteral("unknown key \"%1\" outside a section"))
                            .arg(name)
                        + didYouMean(near));
            } else if (const toml::table* table = node.as_table()) {
                visitSection(name, *table);
            } else {
                complain(
                    key.source().begin, QStringLiteral("[%1] is a section, not a value").arg(name));
            }
        }
    }

    // Tables within tables are read by the rooms they are about.
    void visitTables(const toml::table& root) const
    {
        const auto tree = [&](const char* name) {
            const toml::node* node = root.get(name);
            return node ? std::optional(treeOf(*node)) : std::nullopt;
        };
        const auto claims = tree("claims");
        const auto relays = tree("relay");
        ConfigMistakes mistakes(file);
        reader.m_report.configuration.relay = readRelayTables(
            claims ? &*claims : nullptr, relays ? &*relays : nullptr, base, mistakes);
        const auto listeners = tree("listener");
        QStringList profiles;
        for (const relay::Rules& rules : reader.m_report.configuration.relay.relays)
            profiles.append(rules.name);
        reader.m_report.configuration.listeners
            = readListeners(listeners ? &*listeners : nullptr, profiles, mistakes);
        reader.m_report.errors.append(mistakes.texts());
    }

    void visitSection(const QString& section, const toml::table& table) const
    {
        for (const auto& [key, node] : table) {
            const QString name = fromToml(key.str());
            const ConfigKey* known = findConfigKey(section, name);
            if (!known) {
                complain(key.source().begin,
                    QStringLiteral("unknown key \"%1.%2\"").arg(section, name)
                        + didYouMean(nearestConfigKey(section, name)));
                continue;
            }
            const toml::source_position at = node.source().begin;
            const auto value = valueOf(known->type, node);
            if (!value) {
                complain(at, known->fullName() + QStringLiteral(": ") + value.error().detail);
                continue;
            }
            reader.take(
                *known, *value, place(at), QStringLiteral("%1:%2").arg(file).arg(at.line), base);
        }
    }
};

void ConfigurationReader::readFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        m_report.errors.append(path + QStringLiteral(": ") + file.errorString());
        return;
    }
    readToml(file.readAll(), path, QFileInfo(path).absolutePath());
}

void ConfigurationReader::readToml(
    const QByteArray& toml, const QString& displayName, const QString& base)
{
    const std::string_view text(toml.constData(), static_cast<size_t>(toml.size()));
    const toml::parse_result parsed = toml::parse(text);
    const TomlWalk walk{*this, displayName, base};
    if (!parsed) {
        walk.complain(parsed.error().source().begin, fromToml(parsed.error().description()));
        return;
    }
    walk.visit(parsed.table());
}

void ConfigurationReader::readEnvironment(const QProcessEnvironment& environment)
{
    // The configuration file's name, and what the console and the scripts read.
    static const QStringList notKeys{QStringLiteral("GATEHOUSE_CONFIG"),
        QStringLiteral("GATEHOUSE_ADMIN_TOKEN"), QStringLiteral("GATEHOUSE_CI_SECONDS")};
    QStringList names = environment.keys();
    names.sort();
    QStringList keyNames;
    for (const ConfigKey& key : configKeys())
        keyNames.append(key.environmentName());
    for (const QString& name : names) {
        if (!name.startsWith(QLatin1StringView("GATEHOUSE_")) || notKeys.contains(name)) {
            continue;
        }
        bool known = false;
        for (const ConfigKey& key : configKeys()) {
            if (name == key.environmentName()) {
                takeText(key, environment.value(name), name);
                known = true;
            } else if (key.type == ConfigType::Secret
                && name == QString(key.environmentName() + QStringLiteral("_FILE"))) {
                readSecretFile(key, environment.value(name), name);
                known = true;
            }
        }
        if (!known) {
            m_report.warnings.append(
                QStringLiteral("environment: %1 is no configuration key, ignored").arg(name)
                + didYouMean(nearestWord(name, keyNames)));
        }
    }
}

void ConfigurationReader::readOption(
    const QString& fullName, const QString& text, const QString& shown)
{
    const QString section = fullName.section(u'.', 0, 0);
    const QString name = fullName.section(u'.', 1);
    if (const ConfigKey* key = findConfigKey(section, name)) {
        takeText(*key, text, shown);
        return;
    }
    m_report.errors.append(QStringLiteral("%1: unknown key \"%2\"").arg(shown, fullName)
        + didYouMean(nearestConfigKey(section, name)));
}

ConfigurationReader::Report ConfigurationReader::finish()
{
    checkTogether();
    std::stable_sort(m_report.errors.begin(), m_report.errors.end(),
        [](const QString& a, const QString& b) { return placeOf(a) < placeOf(b); });
    return std::move(m_report);
}

void ConfigurationReader::take(const ConfigKey& key, const ConfigValue& value, const QString& place,
    const QString& origin, const QString& base)
{
    const QString problem = key.problemWith(value);
    if (!problem.isEmpty()) {
        m_report.errors.append(
            place + QStringLiteral(": ") + key.fullName() + QStringLiteral(": ") + problem);
        return;
    }
    if (key.type == ConfigType::Path) {
        key.write(m_report.configuration, resolved(std::get<QString>(value), base));
    } else if (key.type == ConfigType::PathList) {
        QStringList paths = std::get<QStringList>(value);
        for (QString& path : paths) {
            path = resolved(path, base);
        }
        key.write(m_report.configuration, paths);
    } else {
        key.write(m_report.configuration, value);
    }
    m_report.origins.insert(key.fullName(), origin);
}

void ConfigurationReader::takeText(const ConfigKey& key, const QString& text, const QString& origin)
{
    const auto value = configValueFromText(key.type, text);
    if (!value) {
        m_report.errors.append(origin + QStringLiteral(": ") + key.fullName() + QStringLiteral(": ")
            + value.error().detail);
        return;
    }
    take(key, *value, origin, origin, QDir::currentPath());
}

void ConfigurationReader::readSecretFile(
    const ConfigKey& key, const QString& path, const QString& variable)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        m_report.errors.append(
            QStringLiteral("%1: %2: %3").arg(variable, path, file.errorString()));
        return;
    }
    const QFileDevice::Permissions others
        = QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::WriteGroup;
    if (file.permissions() & others) {
        m_report.errors.append(
            QStringLiteral("%1: %2 may be read or changed by others; use mode 0600")
                .arg(variable, path));
        return;
    }
    takeText(key, QString::fromUtf8(file.readAll()).trimmed(), variable);
}

QString ConfigurationReader::originOf(const char* fullName) const
{
    const QString name = QString::fromLatin1(fullName);
    return m_report.origins.value(name, QStringLiteral("default")) + QStringLiteral(": ") + name;
}

void ConfigurationReader::checkTogether()
{
    const Configuration& c = m_report.configuration;
    const transport::TlsOptions& tls = c.transport.tls;
    if (tls.certificateFile.isEmpty() != tls.keyFile.isEmpty()) {
        m_report.errors.append(originOf(tls.keyFile.isEmpty() ? "tls.certificate" : "tls.key")
            + QStringLiteral(": tls.certificate and tls.key belong together"));
    }
    if (c.tokens.refreshLifetime <= c.tokens.accessLifetime) {
        m_report.errors.append(originOf("auth.refresh_lifetime")
            + QStringLiteral(": has to be longer than auth.access_lifetime"));
    }
    if (c.session.maxPayloadBytes > c.transport.http.maxBodyBytes) {
        m_report.errors.append(originOf("limits.message_size")
            + QStringLiteral(": may not be larger than http.body_size, as polling sends a message "
                             "as a body"));
    }
    if (c.session.bytes.isLimited() && c.session.bytes.burst < c.session.maxPayloadBytes) {
        m_report.errors.append(originOf("limits.byte_burst")
            + QStringLiteral(": may not be smaller than limits.message_size"));
    }
    for (const ListenerTable& listener : c.listeners) {
        const auto at = ListenAddress::fromText(listener.listen);
        const bool isPlain = !c.hasTls() || !listener.isTls;
        if (at && !at->address.isLoopback() && isPlain && !listener.allowPlainPublic) {
            m_report.errors.append(
                QStringLiteral("listener %1: %2 is not a loopback address: set tls.certificate and "
                               "tls.key, or its allow_plain_public if the network is protected "
                               "otherwise")
                    .arg(listener.options.name, listener.listen));
        }
    }
    for (const QString& line : c.bus.emitters) {
        const auto source = relay::EmitterSource::fromText(line); // wrong lines are named already
        const bool needsRedis = source && source->carrier == relay::EmitterSource::Carrier::Redis;
        if (source && (needsRedis ? c.bus.redisUrl : c.bus.url).isEmpty()) {
            m_report.errors.append(originOf("bus.emitters")
                + QStringLiteral(": \"%1\" needs %2")
                      .arg(line,
                          needsRedis ? QStringLiteral("bus.redis_url")
                                     : QStringLiteral("bus.url")));
        }
    }
    const auto listen = ListenAddress::fromText(c.server.listen);
    if (listen && !listen->address.isLoopback() && !c.hasTls() && !c.server.allowPlainPublic) {
        m_report.errors.append(originOf("server.listen")
            + QStringLiteral(": %1 is not a loopback address: set tls.certificate and tls.key, or "
                             "server.allow_plain_public if the network is protected otherwise")
                  .arg(c.server.listen));
    }
}

} // namespace gatehouse::app
