// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpoptions.h"
#include "server/relay/clustercalls.h"

#include <QString>
#include <QStringList>

namespace gatehouse::app {

/// What an operator says about the bus.
struct BusConfiguration
{
    QString url; ///< of a broker; empty: in-process
    QString caFile;
    QString certificateFile;
    QString keyFile;
    QString nodeName;
    QString exchange = QStringLiteral("gatehouse");
    QStringList exchanges; ///< bus::ExchangeOptions::fromText()
    QString redisUrl;
    QStringList emitters; ///< relay::EmitterSource::fromText()
    QString controlQueue; ///< empty: no service may call
    QStringList controlMethods = relay::ClusterCalls::methodNames();
    QStringList controlNamespaces{QStringLiteral("*")};
    qsizetype clusterClients = relay::ClusterOptions().maxClients;
    bus::AmqpOptions options; ///< the numbers

    bool hasBroker() const { return !url.isEmpty(); }
    /// What the bus needs, from what the reader has checked.
    bus::AmqpOptions amqpOptions() const;
    relay::ClusterOptions clusterOptions() const;
    relay::ClusterCallOptions clusterCallOptions() const;
};

} // namespace gatehouse::app
