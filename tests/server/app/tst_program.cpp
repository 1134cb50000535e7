// SPDX-License-Identifier: Apache-2.0
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

namespace {

struct Ended
{
    int code = -1;
    QString out;
    QString err;
};

QProcessEnvironment cleanEnvironment()
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString& name : environment.keys()) {
        if (name.startsWith(QLatin1StringView("GATEHOUSE_"))) {
            environment.remove(name);
        }
    }
    return environment;
}

/// Runs the program to its end.
Ended run(const QStringList& arguments, const QByteArray& input = {})
{
    QProcess process;
    process.setProcessEnvironment(cleanEnvironment());
    process.start(QStringLiteral(GATEHOUSE_BINARY), arguments);
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(30'000)) {
        process.kill();
        process.waitForFinished();
        return {};
    }
    return {process.exitCode(), QString::fromUtf8(process.readAllStandardOutput()),
        QString::fromUtf8(process.readAllStandardError())};
}

/// A server in a process of its own, on a free port.
class Served
{
public:
    explicit Served(const QString& data, const QStringList& more = {})
    {
        m_process.setProcessEnvironment(cleanEnvironment());
        m_process.start(QStringLiteral(GATEHOUSE_BINARY),
            QStringList{QStringLiteral("serve"), QStringLiteral("--data"), data,
                QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0")}
                + more);
        QElapsedTimer timer;
        timer.start();
        while (!m_process.canReadLine() && timer.elapsed() < 30'000
            && m_process.state() != QProcess::NotRunning) {
            m_process.waitForReadyRead(100);
        }
        m_url = QString::fromUtf8(m_process.readLine()).trimmed().section(u' ', 1);
    }
    ~Served()
    {
        m_process.kill();
        m_process.waitForFinished();
    }

    QUrl url(const QString& path) const { return QUrl(QString(m_url + path)); }
    void signal(int number) const { ::kill(pid_t(m_process.processId()), number); }
    int waitForEnd() { return m_process.waitForFinished(30'000) ? m_process.exitCode() : -1; }
    bool waitForLog(const QString& text)
    {
        QElapsedTimer timer;
        timer.start();
        while (!m_log.contains(text) && timer.elapsed() < 30'000) {
            m_process.setReadChannel(QProcess::StandardError);
            m_process.waitForReadyRead(100);
            m_log += QString::fromUtf8(m_process.readAllStandardError());
        }
        return m_log.contains(text);
    }

private:
    QProcess m_process;
    QString m_url;
    QString m_log;
};

} // namespace

/// The program as a service manager and an operator's scripts see it: exit codes, signals, files.
class tst_Program : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void endsWithTheCodeOfItsFault_data();
    void endsWithTheCodeOfItsFault();
    void printsItsVersion();
    void refusesAPortInUse();
    void refusesADataDirectoryInUse();
    void stopsAtSigterm();
    void stopsAtSigintAsABackgroundJob();
    void secondSignalStopsAtOnce();
    void readsTheConfigurationAgainAtSighup();
    void importBesideARunningServerCountsAtOnce();
    void explainEndsWithItsAnswer_data();
    void explainEndsWithItsAnswer();
    void firstStartMakesAnAdministratorOnce();
    void mintedTokenIsAloneAndGood();
    void administratorLogsInWithThePasswordFromStdin();
    void administratorsAreChangedWithoutAServer();
    void administratorsAreChangedBesideAServer();

private:
    QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    QString write(const char* name, const QByteArray& content) const
    {
        QFile file(path(name));
        file.open(QIODevice::WriteOnly);
        file.write(content);
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
        return file.fileName();
    }
    std::pair<int, QJsonObject> post(const QUrl& url, const QJsonObject& body);

    std::unique_ptr<QTemporaryDir> m_folder;
    QNetworkAccessManager m_network;
};

void tst_Program::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

std::pair<int, QJsonObject> tst_Program::post(const QUrl& url, const QJsonObject& body)
{
    QNetworkRequest request(url);
    request.setHeader(QNetworkRequest::ContentTypeHeader, QByteArray("application/json"));
    std::unique_ptr<QNetworkReply> reply(m_network.post(request, QJsonDocument(body).toJson()));
    QSignalSpy finished(reply.get(), &QNetworkReply::finished);
    finished.wait(10'000);
    return {reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(),
        QJsonDocument::fromJson(reply->readAll()).object()};
}

void tst_Program::endsWithTheCodeOfItsFault_data()
{
    QTest::addColumn<QStringList>("arguments"); // DIR stands for a folder of the test
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto line = [](const char* text) { return QString::fromLatin1(text).split(u' '); };
    QTest::newRow("no command") << QStringList() << 2 << "A command is required";
    QTest::newRow("unknown command") << line("nonsense") << 2 << "nonsense";
    QTest::newRow("unknown option") << line("serve --nonsense") << 2 << "--nonsense";
    QTest::newRow("missing argument") << line("import") << 2 << "FILE is required";
    QTest::newRow("help") << line("serve --help") << 0 << "--listen";
    QTest::newRow("wrong configuration file")
        << line("check-config DIR/wrong.toml") << 78 << "wrong.toml:2:1: unknown key";
    QTest::newRow("configuration that names a file that is not there")
        << line("check-config DIR/absent.toml") << 0 << "auth.secret_file: /nonexistent/key: ";
    QTest::newRow("no address to listen on")
        << line("serve --data DIR/data --listen bogus") << 2 << "\"bogus\" is no address";
    QTest::newRow("token for no time")
        << line("token mint --kind user --id 1 --ttl -5 --data DIR/data") << 2 << "--ttl";
    QTest::newRow("serve with a wrong configuration")
        << line("serve --config DIR/wrong.toml") << 78 << "wrong.toml:2:1: unknown key";
    QTest::newRow("no such configuration file")
        << line("serve --config DIR/none.toml") << 78 << "none.toml";
    QTest::newRow("public address without TLS")
        << line("serve --data DIR/data --listen 0.0.0.0:0") << 78 << "not a loopback address";
    QTest::newRow("certificate that is not there") << line(
        "serve --data DIR/data --listen 127.0.0.1:0 --set tls.certificate=DIR/c --set "
        "tls.key=DIR/k") << 78 << "DIR/c";
    QTest::newRow("secret that is not there")
        << line("serve --data DIR/data --listen 127.0.0.1:0 --set auth.secret_file=DIR/s") << 78
        << "auth.secret_file";
    QTest::newRow("data directory that cannot be made")
        << line("serve --data DIR/wrong.toml/data --listen 127.0.0.1:0") << 69 << "wrong.toml";
    QTest::newRow("import file that is not there")
        << line("import DIR/none.json --data DIR/data") << 74 << "none.json";
    QTest::newRow("import file that is wrong")
        << line("import DIR/wrong.toml --data DIR/data") << 1 << "wrong.toml";
    QTest::newRow("import file that is too large")
        << line("import DIR/large.json --data DIR/data") << 1 << "larger than 64 MiB";
    QTest::newRow("token of an unknown kind")
        << line("token mint --kind king --id 1 --data DIR") << 2 << "--kind";
    QTest::newRow("token that is none") << line("token inspect abc") << 1 << "not a JSON Web Token";
}

void tst_Program::endsWithTheCodeOfItsFault()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, says);
    write("wrong.toml", "[server]\nlissten = 1\n");
    write("absent.toml", "[auth]\nsecret_file = \"/nonexistent/key\"\n");
    write("large.json", {});
    QVERIFY(QFile::resize(m_folder->filePath(QStringLiteral("large.json")), 300 << 20)); // a hole
    arguments.replaceInStrings(QStringLiteral("DIR"), m_folder->path());
    const Ended ended = run(arguments);
    QVERIFY2(ended.code == code, qPrintable(QString::number(ended.code) + ended.out + ended.err));
    says.replace(QStringLiteral("DIR"), m_folder->path());
    QVERIFY2(QString(ended.out + ended.err).contains(says), qPrintable(ended.out + ended.err));
}

void tst_Program::printsItsVersion()
{
    const Ended ended = run({QStringLiteral("--version")});
    QCOMPARE(ended.code, 0);
    QCOMPARE(ended.out, QStringLiteral("gatehouse " GATEHOUSE_VERSION "\n"));
}

void tst_Program::refusesAPortInUse()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    const Ended ended = run({QStringLiteral("serve"), QStringLiteral("--data"), path("data"),
        QStringLiteral("--listen"), QStringLiteral("127.0.0.1:%1").arg(other.serverPort())});
    QCOMPARE(ended.code, 74);
    QVERIFY2(ended.err.contains(QString::number(other.serverPort())), qPrintable(ended.err));
}

void tst_Program::refusesADataDirectoryInUse()
{
    const Served server(path("data"));
    const Ended ended = run({QStringLiteral("serve"), QStringLiteral("--data"), path("data"),
        QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0")});
    QVERIFY2(ended.code == 69, qPrintable(QString::number(ended.code) + ended.err));
}

void tst_Program::stopsAtSigterm()
{
    for (const int number : {SIGTERM, SIGINT}) {
        Served server(path("data"));
        server.signal(number);
        QCOMPARE(server.waitForEnd(), 0);
    }
}

void tst_Program::stopsAtSigintAsABackgroundJob()
{
    // As shells start background jobs: the disposition is handed down to the program.
    std::signal(SIGINT, SIG_IGN);
    Served server(path("data"));
    std::signal(SIGINT, SIG_DFL);
    server.signal(SIGINT);
    QCOMPARE(server.waitForEnd(), 0);
}

void tst_Program::secondSignalStopsAtOnce()
{
    // Somebody is connected, and the drain may take its time.
    Served server(path("data"),
        {QStringLiteral("--set"), QStringLiteral("server.drain_spread=10m"),
            QStringLiteral("--set"), QStringLiteral("server.drain_timeout=1h")});
    for (int i = 0; i < 3; ++i) {
        QSignalSpy opened(&m_network, &QNetworkAccessManager::finished);
        m_network.get(
            QNetworkRequest(server.url(QStringLiteral("/socket.io/?EIO=4&transport=polling"))));
        QVERIFY(opened.wait());
    }
    server.signal(SIGTERM);
    QVERIFY(server.waitForLog(QStringLiteral("no new clients")));
    server.signal(SIGTERM);
    QCOMPARE(server.waitForEnd(), 3);
}

void tst_Program::readsTheConfigurationAgainAtSighup()
{
    const QString file = write("g.toml", "[log]\nlevel = \"info\"\n");
    Served server(path("data"), {QStringLiteral("--config"), file});
    write("g.toml", "[log]\nlevel = \"warning\"\n[limits]\nsessions = 7\n");
    server.signal(SIGHUP);
    // The new level is in force, so the remark on the restart has to be a warning to be seen.
    QVERIFY(server.waitForLog(QStringLiteral("need a restart: limits.sessions")));
    write("g.toml", "[log]\nlevel = 3\n");
    server.signal(SIGHUP);
    QVERIFY(server.waitForLog(QStringLiteral("g.toml:2:9: log.level: expected a text")));
    server.signal(SIGTERM);
    QCOMPARE(server.waitForEnd(), 0);
}

void tst_Program::importBesideARunningServerCountsAtOnce()
{
    const auto file = [this](const char* name, const QByteArray& users) {
        return write(name,
            R"({"format":"gatehouse-import","version":1,"organizations":[{"name":"Aachen"}],"users":[)"
                + users + "]}");
    };
    const QString first = file("first.json",
        R"({"username":"anna","organization":"Aachen","password":"correct horse battery"})");
    const QString second = file("second.json",
        R"({"username":"anna","organization":"Aachen","roles":["Viewer"]},
           {"username":"bert","organization":"Aachen","password":"correct horse battery"})");
    const auto import = [this](const QString& name) {
        return run({QStringLiteral("import"), name, QStringLiteral("--data"), path("data")});
    };
    QCOMPARE(import(first).code, 0);
    Served served(path("data"));
    const auto login = [&](const QString& user) {
        return post(served.url(QStringLiteral("/api/token/user")),
            {{QStringLiteral("username"), user},
                {QStringLiteral("password"), QStringLiteral("correct horse battery")}})
            .first;
    };
    QCOMPARE(login(QStringLiteral("anna")), 200);
    QCOMPARE(login(QStringLiteral("bert")), 401);
    const auto told = import(second);
    QCOMPARE(told.code, 0);
    QVERIFY2(told.err.contains(QStringLiteral("The running server")), qPrintable(told.err));
    QVERIFY(served.waitForLog(QStringLiteral("Directory read again: 2 changes")));
    QCOMPARE(login(QStringLiteral("bert")), 200);
    QVERIFY(served.waitForLog(QStringLiteral("directory:user")));
    // Who is no server is not told, and does not let anybody write beside it.
    served.signal(SIGTERM);
    QCOMPARE(served.waitForEnd(), 0);
    const auto alone = import(second);
    QCOMPARE(alone.code, 0);
    QVERIFY(!alone.err.contains(QStringLiteral("The running server")));
}

void tst_Program::explainEndsWithItsAnswer_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("event");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row
        = [](const char* name, const char* user, const char* event, int code, const char* says) {
              QTest::newRow(name) << QString::fromLatin1(user) << QString::fromLatin1(event) << code
                                  << QString::fromLatin1(says);
          };
    row("yes, by a role", "anna", "new_task", 0, "event/RECEIVE/COLLABORATION");
    row("no", "anna", "kill", 1, ": no");
    row("yes, by a rule of its own", "bert", "kill", 0, "event/SEND/GLOBAL");
    row("nobody", "eve", "new_task", 2, "eve");
    row("no such event", "anna", "tea", 2, "tea");
}

void tst_Program::explainEndsWithItsAnswer()
{
    QFETCH(QString, user);
    QFETCH(QString, event);
    QFETCH(int, code);
    QFETCH(QString, says);
    const QString file = write("rights.json",
        R"({"format":"gatehouse-import","version":1,"organizations":[{"name":"Aachen"}],)"
        R"("collaborations":[{"name":"heart","encrypted":false,"organizations":["Aachen"]}],)"
        R"("roles":[{"name":"Watcher","rules":["event/receive/collaboration"]}],)"
        R"("users":[{"username":"anna","organization":"Aachen","roles":["Watcher"]},)"
        R"({"username":"bert","organization":"Aachen","rules":["event/send/global"]}]})");
    const QStringList data{QStringLiteral("--data"), path("data")};
    QCOMPARE(run(QStringList{QStringLiteral("import"), file} + data).code, 0);
    const Ended answer = run(QStringList{QStringLiteral("explain"), QStringLiteral("--user"), user,
                                 QStringLiteral("--event"), event,
                                 QStringLiteral("--collaboration"), QStringLiteral("heart")}
        + data);
    QCOMPARE(answer.code, code);
    const QString& told = code == 2 ? answer.err : answer.out;
    QVERIFY2(told.contains(says), qPrintable(told));
}

void tst_Program::firstStartMakesAnAdministratorOnce()
{
    const QString secretFile = path("data/first-admin");
    QStringList lines;
    {
        Served server(path("data"));
        QVERIFY(server.waitForLog(QStringLiteral("first-admin")));
        QFile file(secretFile);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.permissions() & QFileDevice::Permissions(0x0077), QFileDevice::Permissions());
        lines = QString::fromUtf8(file.readAll()).split(u'\n');
        QCOMPARE(lines[0], QStringLiteral("admin"));
        const auto [status, body] = post(server.url(QStringLiteral("/api/token/admin")),
            {{QStringLiteral("name"), lines[0]}, {QStringLiteral("password"), lines[1]}});
        QCOMPARE(status, 200);
        QVERIFY(!body.value(QStringLiteral("access_token")).toString().isEmpty());
        server.signal(SIGTERM);
        QCOMPARE(server.waitForEnd(), 0);
    }
    QVERIFY(QFile::remove(secretFile));
    Served server(path("data"));
    QVERIFY(!QFileInfo::exists(secretFile));
    const auto [status, body] = post(server.url(QStringLiteral("/api/token/admin")),
        {{QStringLiteral("name"), lines[0]}, {QStringLiteral("password"), lines[1]}});
    QCOMPARE(status, 200);
}

void tst_Program::mintedTokenIsAloneAndGood()
{
    const Ended made = run({QStringLiteral("token"), QStringLiteral("mint"),
        QStringLiteral("--kind"), QStringLiteral("admin"), QStringLiteral("--id"),
        QStringLiteral("1"), QStringLiteral("--data"), m_folder->path()});
    QCOMPARE(made.code, 0);
    QCOMPARE(made.out.count(u'\n'), 1);
    QCOMPARE(made.out.count(u'.'), 2);
    const Ended good = run({QStringLiteral("token"), QStringLiteral("verify"), QStringLiteral("-"),
                               QStringLiteral("--data"), m_folder->path()},
        made.out.toUtf8());
    QCOMPARE(good.code, 0);
    QCOMPARE(QJsonDocument::fromJson(good.out.toUtf8())
                 .object()
                 .value(QStringLiteral("gatehouse_kind"))
                 .toString(),
        QStringLiteral("admin"));
    const Ended foreign
        = run({QStringLiteral("token"), QStringLiteral("verify"), QStringLiteral("-"),
                  QStringLiteral("--data"), QDir::tempPath(), QStringLiteral("--set"),
                  QString(QStringLiteral("auth.secret_file=")
                      + write("other", "another secret of sufficient length"))},
            made.out.toUtf8());
    QCOMPARE(foreign.code, 1);
    QVERIFY2(foreign.err.contains(QStringLiteral("token-invalid")), qPrintable(foreign.err));
}

void tst_Program::administratorLogsInWithThePasswordFromStdin()
{
    const QStringList create{QStringLiteral("admin"), QStringLiteral("create"),
        QStringLiteral("alice"), QStringLiteral("--data"), path("data")};
    const Ended tooShort = run(create, "short\n");
    QCOMPARE(tooShort.code, 1);
    QVERIFY(tooShort.err.contains(QStringLiteral("at least 8")));
    QCOMPARE(run(create, "correct horse\n").code, 0);
    const Ended again = run(create, "correct horse\n");
    QCOMPARE(again.code, 1);

    Served server(path("data"));
    const QUrl url = server.url(QStringLiteral("/api/token/admin"));
    const QString name = QStringLiteral("alice");
    QCOMPARE(post(url,
                 {{QStringLiteral("name"), name},
                     {QStringLiteral("password"), QStringLiteral("correct horse")}})
                 .first,
        200);
    QCOMPARE(post(url,
                 {{QStringLiteral("name"), name},
                     {QStringLiteral("password"), QStringLiteral("wrong horse")}})
                 .first,
        401);
    // Somebody can open the console, so nobody else was made.
    QVERIFY(!QFileInfo::exists(path("data/first-admin")));
}

void tst_Program::administratorsAreChangedWithoutAServer()
{
    const auto admin = [this](const QStringList& arguments, const QByteArray& input = {}) {
        return run(QStringList{QStringLiteral("admin")} + arguments
                + QStringList{QStringLiteral("--data"), path("data")},
            input);
    };
    QCOMPARE(admin({QStringLiteral("list")}).code, 69); // there is no database
    QCOMPARE(admin({QStringLiteral("create"), QStringLiteral("alice")}, "correct horse\n").code, 0);
    QCOMPARE(admin({QStringLiteral("create"), QStringLiteral("bob")}, "battery staple\n").code, 0);
    const QStringList lines = admin({QStringLiteral("list")}).out.split(u'\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 2);
    QVERIFY2(lines[0].startsWith(QStringLiteral("1\talice\t20")), qPrintable(lines[0]));
    QVERIFY2(lines[1].startsWith(QStringLiteral("2\tbob\t20")), qPrintable(lines[1]));
    // Nobody is changed who does not exist.
    for (const char* command : {"passwd", "remove"}) {
        const Ended ended
            = admin({QString::fromLatin1(command), QStringLiteral("carol")}, "correct horse\n");
        QCOMPARE(ended.code, 1);
        QVERIFY2(ended.err.contains(QStringLiteral("carol")), qPrintable(ended.err));
    }
    QCOMPARE(admin({QStringLiteral("passwd"), QStringLiteral("bob")}, "short\n").code, 1);
    QCOMPARE(admin({QStringLiteral("passwd")}).code, 2);
    const Ended made
        = admin({QStringLiteral("passwd"), QStringLiteral("bob"), QStringLiteral("--generate")});
    QCOMPARE(made.code, 0);
    QVERIFY2(made.out.trimmed().size() >= 20, qPrintable(made.out));
    QCOMPARE(admin({QStringLiteral("remove"), QStringLiteral("alice")}).code, 0);
    // The last one goes only when that is meant.
    const Ended last = admin({QStringLiteral("remove"), QStringLiteral("bob")});
    QCOMPARE(last.code, 1);
    QVERIFY2(last.err.contains(QStringLiteral("last administrator")), qPrintable(last.err));
    {
        Served server(path("data"));
        const QUrl url = server.url(QStringLiteral("/api/token/admin"));
        const auto login = [&](const QString& password) {
            return post(url,
                {{QStringLiteral("name"), QStringLiteral("bob")},
                    {QStringLiteral("password"), password}})
                .first;
        };
        QCOMPARE(login(QStringLiteral("battery staple")), 401);
        QCOMPARE(login(made.out.trimmed()), 200);
    }
    QCOMPARE(
        admin({QStringLiteral("remove"), QStringLiteral("bob"), QStringLiteral("--force")}).code,
        0);
    QCOMPARE(admin({QStringLiteral("list")}).out, QString());
}

void tst_Program::administratorsAreChangedBesideAServer()
{
    // Asking until a password is good means failing until then.
    Served server(path("data"), {QStringLiteral("--set"), QStringLiteral("auth.failures=1000")});
    const auto admin = [this](const QStringList& arguments, const QByteArray& input = {}) {
        return run(QStringList{QStringLiteral("admin")} + arguments
                + QStringList{QStringLiteral("--data"), path("data")},
            input);
    };
    const auto login = [&](const char* password) {
        return post(server.url(QStringLiteral("/api/token/admin")),
            {{QStringLiteral("name"), QStringLiteral("alice")},
                {QStringLiteral("password"), QString::fromLatin1(password)}})
            .first;
    };
    const QStringList create{QStringLiteral("create"), QStringLiteral("alice")};
    QCOMPARE(admin(create, "correct horse\n").code, 0);
    QTRY_COMPARE(login("correct horse"), 200);
    QCOMPARE(admin(create, "correct horse\n").code, 1);
    QCOMPARE(
        admin({QStringLiteral("passwd"), QStringLiteral("alice")}, "battery staple\n").code, 0);
    QTRY_COMPARE(login("battery staple"), 200);
    QCOMPARE(login("correct horse"), 401);
    QCOMPARE(admin({QStringLiteral("remove"), QStringLiteral("alice")}).code, 0);
    QTRY_COMPARE(login("battery staple"), 401);
    QVERIFY(!admin({QStringLiteral("list")}).out.contains(QStringLiteral("alice")));
}

QTEST_GUILESS_MAIN(tst_Program)
#include "tst_program.moc"
