// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rabbitbroker.h"

#include "tests/support/certificate.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QTcpServer>
#include <QTcpSocket>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

namespace gatehouse::test {

namespace {

constexpr int patienceMs = 90'000;

QString tool(const char* name)
{
    return QStringLiteral("/usr/lib/rabbitmq/bin/") + QLatin1StringView(name);
}

/// Ports that were free a moment ago, all different.
QList<quint16> freePorts(int count)
{
    std::vector<std::unique_ptr<QTcpServer>> held;
    QList<quint16> ports;
    for (int i = 0; i < count; ++i) {
        held.push_back(std::make_unique<QTcpServer>());
        if (!held.back()->listen(QHostAddress::LocalHost))
            qFatal("no free port");
        ports.append(held.back()->serverPort());
    }
    return ports;
}

void write(const QString& path, const QByteArray& content)
{
    QFile file(path);
    if (!file.open(QFile::WriteOnly) || file.write(content) != content.size())
        qFatal("cannot write %s", qPrintable(path));
}

} // namespace

bool RabbitBroker::isInstalled()
{
    return QFile::exists(tool("rabbitmq-server"));
}

RabbitBroker& RabbitBroker::shared()
{
    static std::unique_ptr<RabbitBroker> broker;
    if (!broker) {
        broker = std::make_unique<RabbitBroker>();
        qAddPostRoutine([] { broker.reset(); }); // while processes can still be ended
        if (!broker->start())
            qFatal("%s", qPrintable(broker->log()));
    }
    return *broker;
}

RabbitBroker::RabbitBroker()
{
    const QList<quint16> ports = freePorts(4);
    m_port = ports[0];
    m_tlsPort = ports[1];
    m_mapperPort = ports[2];
    m_distributionPort = ports[3];
    const SelfSigned certificate = makeSelfSigned();
    write(caFile(), certificate.certificatePem);
    write(m_folder.filePath(QStringLiteral("server.key")), certificate.keyPem);
    write(m_folder.filePath(QStringLiteral("plugins")), "[].\n");
    write(m_folder.filePath(QStringLiteral("rabbit.conf")),
        "listeners.tcp.1 = 127.0.0.1:" + QByteArray::number(m_port)
            + "\nlisteners.ssl.1 = 127.0.0.1:" + QByteArray::number(m_tlsPort)
            + "\nssl_options.certfile = " + caFile().toUtf8()
            + "\nssl_options.keyfile = " + m_folder.filePath(QStringLiteral("server.key")).toUtf8()
            + "\nssl_options.verify = verify_none\n"
              "disk_free_limit.absolute = 1MB\n"
              "log.file.level = warning\n");
    m_portMapper.setProcessEnvironment(environment());
    m_process.setProcessEnvironment(environment());
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    m_process.setStandardOutputFile(m_folder.filePath(QStringLiteral("output")), QIODevice::Append);
    // Also when a failing test ends without a word.
    for (QProcess* process : {&m_portMapper, &m_process})
        process->setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
    m_portMapper.start(QStringLiteral("epmd"),
        {QStringLiteral("-port"), QString::number(m_mapperPort), QStringLiteral("-address"),
            QStringLiteral("127.0.0.1")});
    if (!m_portMapper.waitForStarted())
        qFatal("epmd does not start");
}

RabbitBroker::~RabbitBroker()
{
    thaw();
    kill();
    m_portMapper.kill();
    m_portMapper.waitForFinished();
}

QProcessEnvironment RabbitBroker::environment() const
{
    QProcessEnvironment values;
    values.insert(QStringLiteral("PATH"), qEnvironmentVariable("PATH"));
    const auto set = [&values](const char* name, const QString& value) {
        values.insert(QLatin1StringView(name), value);
    };
    set("LC_ALL", QStringLiteral("C.UTF-8"));
    set("HOME", m_folder.path());
    set("RABBITMQ_NODENAME", QStringLiteral("gatehouse@localhost"));
    set("RABBITMQ_MNESIA_BASE", m_folder.filePath(QStringLiteral("data")));
    set("RABBITMQ_LOG_BASE", m_folder.filePath(QStringLiteral("logs")));
    set("RABBITMQ_CONFIG_FILE", m_folder.filePath(QStringLiteral("rabbit.conf")));
    set("RABBITMQ_ENABLED_PLUGINS_FILE", m_folder.filePath(QStringLiteral("plugins")));
    set("RABBITMQ_CONF_ENV_FILE", QStringLiteral("/dev/null"));
    set("RABBITMQ_DIST_PORT", QString::number(m_distributionPort));
    set("ERL_EPMD_ADDRESS", QStringLiteral("127.0.0.1"));
    set("ERL_EPMD_PORT", QString::number(m_mapperPort));
    // The start script becomes the broker, so that its process is the one to signal.
    set("RUNNING_UNDER_SYSTEMD", QStringLiteral("true"));
    return values;
}

bool RabbitBroker::start()
{
    startSoon();
    return waitForStart();
}

void RabbitBroker::startSoon()
{
    m_process.start(tool("rabbitmq-server"), QStringList());
}

bool RabbitBroker::waitForStart()
{
    QElapsedTimer timer;
    timer.start();
    while (isRunning() && timer.elapsed() < patienceMs) {
        if (isListening())
            return true;
        m_process.waitForFinished(50); // or its end, whichever comes first
    }
    return false;
}

bool RabbitBroker::isListening() const
{
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, m_port);
    return socket.waitForConnected(1'000);
}

bool RabbitBroker::stop()
{
    m_process.terminate(); // its own signal handler stops it in order
    return m_process.waitForFinished(patienceMs);
}

void RabbitBroker::kill()
{
    m_process.kill();
    m_process.waitForFinished();
}

void RabbitBroker::freeze()
{
    if (!isRunning())
        return;
    const auto pid = pid_t(m_process.processId());
    ::kill(pid, SIGSTOP);
    // Its threads stop one after the other: until the last one has, it may answer.
    QElapsedTimer timer;
    timer.start();
    siginfo_t stopped{};
    while (::waitid(P_PID, id_t(pid), &stopped, WSTOPPED | WNOHANG) == 0 && stopped.si_pid == 0
        && timer.elapsed() < patienceMs)
        ::usleep(1'000);
}

void RabbitBroker::thaw()
{
    if (isRunning())
        ::kill(pid_t(m_process.processId()), SIGCONT);
}

QString RabbitBroker::control(const QStringList& arguments, bool* ok) const
{
    QProcess process;
    process.setProcessEnvironment(environment());
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(tool("rabbitmqctl"), QStringList{QStringLiteral("--quiet")} + arguments);
    const bool finished = process.waitForFinished(patienceMs) && process.exitCode() == 0;
    if (ok)
        *ok = finished;
    return QString::fromUtf8(process.readAll());
}

QString RabbitBroker::url() const
{
    return QStringLiteral("amqp://guest:guest@127.0.0.1:%1/").arg(m_port);
}

QString RabbitBroker::log() const
{
    QFile file(m_folder.filePath(QStringLiteral("output")));
    return file.open(QFile::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace gatehouse::test
