// SPDX-License-Identifier: Apache-2.0
#include "tests/support/servedprogram.h"

#include "tests/support/httpcall.h"

#include <QFile>
#include <QTimer>
#include <QUrl>

#include <unistd.h>

#include <csignal>

namespace gatehouse::test {

namespace {

QProcessEnvironment cleanEnvironment()
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString& name : environment.keys()) {
        if (name.startsWith(QLatin1StringView("GATEHOUSE_")))
            environment.remove(name);
    }
    return environment;
}

} // namespace

ServedProgram::ServedProgram(QString program) : m_program(std::move(program))
{
    m_process.setProcessEnvironment(cleanEnvironment());
}

ServedProgram::~ServedProgram()
{
    m_process.kill();
    m_process.waitForFinished();
}

std::optional<QByteArray> ServedProgram::command(const QStringList& arguments) const
{
    QProcess process;
    process.setProcessEnvironment(cleanEnvironment());
    process.start(m_program, arguments + QStringList{QStringLiteral("--data"), dataPath()});
    process.closeWriteChannel();
    if (!process.waitForFinished(int(3 * Patience.count())) || process.exitCode() != 0)
        return std::nullopt;
    return process.readAllStandardOutput();
}

bool ServedProgram::start(const QStringList& settings)
{
    QStringList arguments{QStringLiteral("serve"), QStringLiteral("--data"), dataPath(),
        QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0")};
    for (const QString& setting : settings)
        arguments << QStringLiteral("--set") << setting;
    m_process.setStandardErrorFile(path(QStringLiteral("log")));
    m_process.start(m_program, arguments);
    const bool isReady
        = waitUntil([this] { return m_process.canReadLine() || !isRunning(); }, 3 * Patience)
        && m_process.canReadLine();
    // "ready http://127.0.0.1:PORT"
    const QString line = QString::fromUtf8(m_process.readLine()).trimmed();
    m_port = quint16(QUrl(line.section(u' ', 1)).port(0));
    return isReady && m_port != 0;
}

std::optional<double> ServedProgram::metric(const QByteArray& name) const
{
    const HttpReply reply = httpRequest(m_port, "GET", "/metrics");
    const QByteArray begin = name + ' ';
    for (const QByteArray& line : reply.body.split('\n')) {
        if (line.startsWith(begin))
            return line.mid(name.size() + 1).toDouble();
    }
    return std::nullopt;
}

qint64 ServedProgram::residentBytes() const
{
    QFile file(QStringLiteral("/proc/%1/statm").arg(m_process.processId()));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    return file.readAll().split(' ').value(1).toLongLong() * ::sysconf(_SC_PAGESIZE);
}

void ServedProgram::signal(int number) const
{
    ::kill(pid_t(m_process.processId()), number);
}

std::optional<int> ServedProgram::waitForEnd(Millis deadline)
{
    if (!waitUntil([this] { return m_process.state() == QProcess::NotRunning; }, deadline))
        return std::nullopt;
    return m_process.exitCode();
}

QByteArray ServedProgram::log() const
{
    QFile file(path(QStringLiteral("log")));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool ServedProgram::waitForLog(const QByteArray& text) const
{
    return waitLooking([&] { return log().contains(text); });
}

bool ServedProgram::waitLooking(const std::function<bool()>& condition, Millis deadline)
{
    QTimer tick; // its ticks are the events that make waitUntil() look
    tick.start(Millis{10});
    return waitUntil(condition, deadline);
}

} // namespace gatehouse::test
