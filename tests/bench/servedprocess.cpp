// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/servedprocess.h"

#include <QUrl>

#include <ctime>

namespace gatehouse::bench {

namespace {

constexpr int PatienceMs = 20'000;

tl::unexpected<Error> unavailable(const QString& detail)
{
    return failure(ErrorCode::Unavailable, detail);
}

} // namespace

Result<std::unique_ptr<ServedProcess>> ServedProcess::start(const QString& program)
{
    std::unique_ptr<ServedProcess> served(new ServedProcess(program));
    if (const auto ready = served->waitUntilReady(); !ready)
        return tl::unexpected<Error>(ready.error());
    return served;
}

ServedProcess::ServedProcess(QString program) : m_program(std::move(program))
{
    m_process.setStandardErrorFile(m_data.filePath(QStringLiteral("log")));
    m_process.start(m_program,
        {QStringLiteral("serve"), QStringLiteral("--data"), m_data.filePath(QStringLiteral("data")),
            QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"),
            // Thousands of clients of one address, as fast as they can.
            QStringLiteral("--set"), QStringLiteral("limits.message_rate=0"),
            QStringLiteral("--set"), QStringLiteral("limits.unidentified_per_address=0")});
}

ServedProcess::~ServedProcess()
{
    m_process.kill();
    m_process.waitForFinished();
}

Result<void> ServedProcess::waitUntilReady()
{
    while (!m_process.canReadLine()) {
        if (!m_process.waitForReadyRead(PatienceMs))
            return unavailable(QStringLiteral("%1 does not start").arg(m_program));
    }
    // "ready http://127.0.0.1:PORT"
    const QString line = QString::fromUtf8(m_process.readLine()).trimmed();
    m_port = static_cast<quint16>(QUrl(line.section(u' ', 1)).port(0));
    if (m_port == 0)
        return unavailable(QStringLiteral("%1 said: %2").arg(m_program, line));
    return {};
}

Result<QByteArray> ServedProcess::mintAdminToken() const
{
    QProcess mint;
    mint.start(m_program,
        {QStringLiteral("token"), QStringLiteral("mint"), QStringLiteral("--kind"),
            QStringLiteral("admin"), QStringLiteral("--id"), QStringLiteral("1"),
            QStringLiteral("--data"), m_data.filePath(QStringLiteral("data"))});
    if (!mint.waitForFinished(PatienceMs) || mint.exitCode() != 0)
        return unavailable(
            QStringLiteral("no token: %1").arg(QString::fromUtf8(mint.readAllStandardError())));
    return mint.readAllStandardOutput().trimmed();
}

std::chrono::nanoseconds ServedProcess::cpuTime() const
{
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(static_cast<pid_t>(m_process.processId()), &clock) != 0
        || ::clock_gettime(clock, &time) != 0)
        return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace gatehouse::bench
