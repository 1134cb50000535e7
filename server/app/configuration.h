// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/access/loginlimiter.h"
#include "server/access/tokenminter.h"
#include "server/access/tokenverifier.h"
#include "server/app/busconfiguration.h"
#include "server/app/elsewhere/besideserver.h"
#include "server/app/jwkssource.h"
#include "server/app/listenertables.h"
#include "server/app/relaytables.h"
#include "server/events/adminoptions.h"
#include "server/events/federationoptions.h"
#include "server/observe/livelog.h"
#include "server/services/servicesoptions.h"
#include "server/session/socketioserver.h"
#include "server/store/retention.h"
#include "server/store/store.h"
#include "server/transport/transportoptions.h"

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
    /// The rooms' own defaults, and bounds for a server that anybody may reach.
    Configuration();

    struct Server
    {
        QString listen = QStringLiteral("127.0.0.1:7400");
        QString data = QStringLiteral("/var/lib/gatehouse");
        bool allowPlainPublic = false;
        Millis drainSpread{2'000};
        Millis drainAnswers{2'000};
        Millis drainTimeout{10'000};
    } server;

    struct Auth
    {
        QString secretFile; ///< empty: jwt.key in the data directory, made at the first start
        QStringList acceptedSecrets; ///< files with HS256 secrets of other issuers
        QStringList publicKeys; ///< PEM files
        QString jwksFile;
        JwksOptions jwks;
        QString issuer; ///< of the accepted keys; our own tokens carry none
        QString audience;
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
        QString token; ///< empty: everybody may read, but only while the listener is on loopback
    } metrics;

    struct Recovery
    {
        QStringList namespaces; ///< none: off
        session::RecoveryOptions options;
    } recovery;
    QStringList slowConsumers; ///< rules of hub::SlowPolicies

    BusConfiguration bus;
    transport::TransportOptions transport;
    session::SessionOptions session;
    access::MinterOptions tokens;
    access::VerifierOptions verifier;
    access::LoginLimiterOptions logins;
    int addressFailures = 100; ///< failed logins of an address, whatever the accounts
    int tokenFailures = 100; ///< bad tokens of an address; window and lock as for logins
    events::FederationOptions federation;
    BesideOptions beside;
    store::StoreOptions storage;
    Millis answerTimeout{5'000}; ///< of the HTTP API for the storage
    store::RetentionOptions retention;
    observe::LiveLogOptions liveLog;
    RelayTables relay; ///< from the file alone
    std::vector<ListenerTable> listeners; ///< likewise
    services::ServicesOptions services;

    access::LoginLimiterOptions loginLimits() const;
    access::LoginLimiterOptions badTokens() const;
    bool hasTls() const { return transport.tls.isEnabled(); }

    /// The file our own tokens are signed with.
    QString secretPath() const;

    /// Bounds that are one key for the operator and a field each in the rooms that keep them.
    transport::TransportOptions transportOptions() const;
    events::FederationOptions federationOptions() const;
    events::AdminOptions adminOptions() const;
};

} // namespace gatehouse::app
