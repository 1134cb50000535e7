// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redisserver.h"

#include <QElapsedTimer>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>

#include <signal.h>
#include <sys/prctl.h>

namespace gatehouse::test {

namespace {

constexpr int patienceMs = 10'000;

} // namespace

bool RedisServer::isInstalled()
{
    return !QStandardPaths::findExecutable(QStringLiteral("redis-server")).isEmpty();
}

RedisServer::RedisServer()
{
    QTcpServer free;
    if (!free.listen(QHostAddress::LocalHost))
        qFatal("no free port");
    m_port = free.serverPort();
    m_process.setWorkingDirectory(m_folder.path());
    m_process.setStandardOutputFile(QProcess::nullDevice());
    // Also when a failing test ends without a word.
    m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
}

RedisServer::~RedisServer()
{
    kill();
}

bool RedisServer::start()
{
    m_process.start(QStringLiteral("redis-server"),
        {QStringLiteral("--port"), QString::number(m_port), QStringLiteral("--bind"),
            QStringLiteral("127.0.0.1"), QStringLiteral("--save"), QString(),
            QStringLiteral("--appendonly"), QStringLiteral("no")});
    QElapsedTimer timer;
    timer.start();
    while (m_process.state() != QProcess::NotRunning && timer.elapsed() < patienceMs) {
        QTcpSocket socket;
        socket.connectToHost(QHostAddress::LocalHost, m_port);
        if (socket.waitForConnected(1'000))
            return true;
        QThread::msleep(20);
        m_process.waitForFinished(0); // notices its end
    }
    return false;
}

void RedisServer::kill()
{
    m_process.kill();
    m_process.waitForFinished();
}

QString RedisServer::url() const
{
    return QStringLiteral("redis://127.0.0.1:%1").arg(m_port);
}

} // namespace gatehouse::test
