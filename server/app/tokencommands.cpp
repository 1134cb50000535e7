// SPDX-License-Identifier: Apache-2.0
#include "server/app/tokencommands.h"

#include "server/access/tokenminter.h"
#include "server/access/tokenverifier.h"
#include "server/app/opendata.h"
#include "server/app/signingkeys.h"

#include <QFileInfo>
#include <QJsonDocument>

#include <cstdio>
#include <iostream>

namespace gatehouse::app {

namespace {

QByteArray tokenFrom(const QString& argument)
{
    if (argument != QLatin1StringView("-")) {
        return argument.toUtf8();
    }
    std::string line;
    std::getline(std::cin, line);
    return QByteArray::fromStdString(line).trimmed();
}

void printJson(const QJsonObject& object)
{
    std::fputs(QJsonDocument(object).toJson(QJsonDocument::Indented).constData(), stdout);
}

std::optional<QJsonObject> decodedPart(const QByteArray& part)
{
    const auto decoded = QByteArray::fromBase64Encoding(
        part, QByteArray::Base64UrlEncoding | QByteArray::AbortOnBase64DecodingErrors);
    const QJsonDocument document = decoded ? QJsonDocument::fromJson(*decoded) : QJsonDocument();
    return document.isObject() ? std::optional(document.object()) : std::nullopt;
}

/// The configuration and its keys. Says itself what is wrong.
struct Setting
{
    ConfigurationReader::Report report;
    SigningKeys keys;
};

std::optional<Setting> loadSetting(const ConfigArguments& arguments, ExitCode& code)
{
    auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        code = ExitCode::BadConfiguration;
        return std::nullopt;
    }
    // A mistyped directory must not become a new one with a key nobody else knows.
    const QString directory = report.configuration.server.data;
    if (!QFileInfo(directory).isDir()) {
        code = fail(
            ExitCode::Failed, QString(directory + QStringLiteral(": no such directory (--data)")));
        return std::nullopt;
    }
    auto keys = loadSigningKeys(report.configuration);
    if (!keys) {
        code = fail(ExitCode::Failed, keys.error().detail);
        return std::nullopt;
    }
    for (const QString& warning : keys->warnings) {
        std::fprintf(stderr, "warning: %s\n", qPrintable(warning));
    }
    return Setting{std::move(report), std::move(*keys)};
}

} // namespace

ExitCode mintToken(const MintArguments& arguments)
{
    const auto kind = access::tokenKindFromName(arguments.kind);
    if (!kind || *kind == access::TokenKind::Container || arguments.id < 1) {
        return fail(ExitCode::Usage,
            QStringLiteral("--kind is user, node, service or admin, and --id a positive number"));
    }
    ExitCode code = ExitCode::Ok;
    const auto setting = loadSetting(arguments.config, code);
    if (!setting) {
        return code;
    }
    const SystemClock clock;
    const access::TokenMinter minter(
        setting->keys.secret, setting->report.configuration.tokens, clock);
    std::optional<std::chrono::seconds> lifetime;
    if (arguments.ttlSeconds > 0) {
        lifetime = std::chrono::seconds{arguments.ttlSeconds};
    }
    const QString name = arguments.name.isEmpty()
        ? QString(arguments.kind + u' ' + QString::number(arguments.id))
        : arguments.name;
    QByteArray token;
    if (*kind == access::TokenKind::Admin) {
        token = minter.adminToken(arguments.id, name, lifetime);
    } else if (*kind == access::TokenKind::Service) {
        token = minter.serviceToken(arguments.id, name, lifetime);
    } else {
        token = minter.accessToken(*kind, arguments.id, {}, lifetime);
    }
    std::printf("%s\n", token.constData());
    return ExitCode::Ok;
}

ExitCode inspectToken(const QString& token)
{
    const QByteArrayList parts = tokenFrom(token).split('.');
    const auto header = parts.size() == 3 ? decodedPart(parts[0]) : std::nullopt;
    const auto payload = parts.size() == 3 ? decodedPart(parts[1]) : std::nullopt;
    if (!header || !payload) {
        return fail(ExitCode::Failed, QStringLiteral("not a JSON Web Token in compact form"));
    }
    printJson({{QStringLiteral("header"), *header}, {QStringLiteral("payload"), *payload}});
    return ExitCode::Ok;
}

ExitCode verifyToken(const QString& token, const ConfigArguments& arguments)
{
    ExitCode code = ExitCode::Ok;
    auto setting = loadSetting(arguments, code);
    if (!setting) {
        return code;
    }
    const SystemClock clock;
    access::TokenVerifier verifier(
        std::move(setting->keys.verification), setting->report.configuration.verifier, clock);
    const auto claims = verifier.verify(tokenFrom(token));
    if (!claims) {
        return fail(ExitCode::Failed,
            QString(QString(traits(claims.error().code).name) + QStringLiteral(": ")
                + claims.error().detail));
    }
    printJson(claims->payload);
    return ExitCode::Ok;
}

} // namespace gatehouse::app
