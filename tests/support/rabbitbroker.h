// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QProcess>
#include <QTemporaryDir>

namespace gatehouse::test {

/// A private RabbitMQ on ports of its own, reachable from this machine only, in a temporary folder
/// that goes with it. Starting takes some 8 s; one of a process serves all its tests. Blocks,
/// except where a comment says otherwise.
class RabbitBroker
{
public:
    static bool isInstalled();
    static QString missing() { return QStringLiteral("rabbitmq-server is not installed"); }
    /// The one of this process, started; ends with it.
    static RabbitBroker& shared();

    RabbitBroker();
    ~RabbitBroker(); ///< kills it
    Q_DISABLE_COPY_MOVE(RabbitBroker)

    bool start(); ///< until it takes connections; what was durable is there again
    void startSoon(); ///< does not wait
    bool waitForStart();
    bool stop(); ///< in order
    void kill(); ///< at once, as a crash
    void freeze();
    void thaw();
    bool isRunning() const { return m_process.state() != QProcess::NotRunning; }

    /// rabbitmqctl with these arguments; what it prints. Takes some 2 s.
    QString control(const QStringList& arguments, bool* ok = nullptr) const;

    quint16 port() const { return m_port; }
    quint16 tlsPort() const { return m_tlsPort; }
    QString caFile() const { return m_folder.filePath(QStringLiteral("server.pem")); }
    QString url() const; ///< "amqp://guest:guest@127.0.0.1:PORT/"
    QString log() const;

private:
    QProcessEnvironment environment() const;
    bool isListening() const;

    QTemporaryDir m_folder;
    QProcess m_portMapper; ///< Erlang's, ours alone
    QProcess m_process;
    quint16 m_port = 0;
    quint16 m_tlsPort = 0;
    quint16 m_mapperPort = 0;
    quint16 m_distributionPort = 0;
};

} // namespace gatehouse::test
