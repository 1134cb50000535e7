// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QProcess>
#include <QTemporaryDir>

namespace gatehouse::test {

/// A private Redis on a port of its own, reachable from this machine only; keeps nothing. Ends with
/// this object.
class RedisServer
{
public:
    static bool isInstalled();
    static QString missing() { return QStringLiteral("redis-server is not installed"); }

    RedisServer();
    ~RedisServer(); ///< kills it
    Q_DISABLE_COPY_MOVE(RedisServer)

    bool start(); ///< until it takes connections, on the same port each time
    void kill();
    quint16 port() const { return m_port; }
    QString url() const;

private:
    QTemporaryDir m_folder;
    QProcess m_process;
    quint16 m_port = 0;
};

} // namespace gatehouse::test
