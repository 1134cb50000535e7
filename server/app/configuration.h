// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/session/socketioserver.h"

#include <QHostAddress>
#include <QString>
#include <QStringList>

namespace gatehouse::app {

/// Where the server listens: "127.0.0.1:7400", "[::1]:7400"; port 0 takes a free one.
struct ListenAddress
{
    QHostAddress address;
    quint16 port = 0;

    static std::optional<ListenAddress> fromText(const QString& text);
    QString toText() const;
};

/// Everything an operator can set, with its default. configkey.cpp is the one table that names,
/// parses, checks and documents the fields; values of other rooms are those rooms' own options.
struct Configuration
{
    struct Server
    {
        QString listen = QStringLiteral("127.0.0.1:7400");
        QString data = QStringLiteral("/var/lib/gatehouse");
        bool allowPlainPublic = false;
        QStringList trustedProxies;
        Millis drainSpread{2'000};
        Millis drainTimeout{10'000};
        qint64 openFiles = 65'536;
    } server;

    struct Tls
    {
        QString certificate; ///< PEM, chain included; empty: plain
        QString key; ///< PEM
    } tls;

    struct Auth
    {
        QString secretFile; ///< empty: jwt.key in the data directory, made at the first start
        QStringList publicKeys; ///< PEM files
        QString jwksFile;
        QString issuer;
        QString audience;
        Millis accessLifetime{6 * 3'600'000};
        Millis refreshLifetime{48 * 3'600'000};
        Millis adminLifetime{12 * 3'600'000};
        Millis leeway{10'000};
    } auth;

    struct Log
    {
        QString level = QStringLiteral("info");
        QString format = QStringLiteral("auto");
        QStringList levels; ///< per category: "gh.http=debug"
    } log;

    struct Metrics
    {
        bool enabled = true;
        QString token; ///< empty: admin tokens only
    } metrics;

    session::SessionOptions session;

    bool hasTls() const { return !tls.certificate.isEmpty(); }
};

} // namespace gatehouse::app
