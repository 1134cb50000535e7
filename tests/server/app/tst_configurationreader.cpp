// SPDX-License-Identifier: Apache-2.0
#include "server/app/configurationreader.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;

class tst_ConfigurationReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaultsAreGood();
    void everyDefaultPassesItsOwnCheck();
    void everyKeyIsWrittenWhereItIsRead();
    void namesTheMistake_data();
    void namesTheMistake();
    void namesAllMistakesAtOnce();
    void laterSourcesWin();
    void environmentSetsEveryType();
    void unknownVariableIsOnlyAWarning();
    void mistakesComeInTheOrderOfTheFile();
    void secretComesFromAFile();
    void secretFileOfEverybodyIsRefused();
    void relativePathsCountFromTheFile();
    void answersFitTheQueueOfWhoAsks();
    void missingFileIsAMistake();
    void publicAddressNeedsTlsOrTheSwitch_data();
    void publicAddressNeedsTlsOrTheSwitch();
    void readsListenAddresses_data();
    void readsListenAddresses();
};

namespace {

ConfigurationReader::Report read(const QByteArray& toml)
{
    ConfigurationReader reader;
    reader.readToml(toml, QStringLiteral("g.toml"), QStringLiteral("/etc/gatehouse"));
    return reader.finish();
}

} // namespace

void tst_ConfigurationReader::defaultsAreGood()
{
    const auto report = read({});
    QCOMPARE(report.errors, QStringList());
    QCOMPARE(report.configuration.server.listen, QStringLiteral("127.0.0.1:7400"));
    QCOMPARE(report.configuration.session.pingInterval, Millis{25'000});
}

void tst_ConfigurationReader::everyDefaultPassesItsOwnCheck()
{
    const Configuration defaults;
    for (const ConfigKey& key : configKeys()) {
        QCOMPARE(key.problemWith(key.read(defaults)), QString());
        QVERIFY2(!key.doc.isEmpty(), qPrintable(key.fullName()));
    }
}

void tst_ConfigurationReader::everyKeyIsWrittenWhereItIsRead()
{
    for (const ConfigKey& key : configKeys()) {
        Configuration changed;
        ConfigValue value = key.read(changed);
        if (auto* flag = std::get_if<bool>(&value)) {
            *flag = !*flag;
        } else if (auto* amount = std::get_if<qint64>(&value)) {
            *amount += 1'000; // durations kept in seconds have no smaller step
        } else if (key.type == ConfigType::Choice) {
            const auto current = key.choices.indexOf(std::get<QString>(value));
            value = key.choices[(current + 1) % key.choices.size()];
        } else if (auto* text = std::get_if<QString>(&value)) {
            *text += u'x';
        } else {
            std::get<QStringList>(value).append(QStringLiteral("x"));
        }
        key.write(changed, value);
        QVERIFY2(key.read(changed) == value, qPrintable(key.fullName()));
        for (const ConfigKey& other : configKeys()) {
            const bool same = other.read(changed) == other.read(Configuration());
            QVERIFY2(same || &other == &key, qPrintable(key.fullName() + u' ' + other.fullName()));
        }
    }
}

void tst_ConfigurationReader::namesTheMistake_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("error");
    QTest::newRow("unknown key, near one")
        << QByteArray("[server]\nlissten = \"127.0.0.1:1\"\n")
        << "g.toml:2:1: unknown key \"server.lissten\"; did you mean \"server.listen\"?";
    QTest::newRow("right key in the wrong section")
        << QByteArray("[server]\nping_interval = \"1s\"\n")
        << "g.toml:2:1: unknown key \"server.ping_interval\"; did you mean "
           "\"limits.ping_interval\"?";
    QTest::newRow("unknown key, near nothing") << QByteArray("[server]\n  zzzzzzzz = 1\n")
                                               << "g.toml:2:3: unknown key \"server.zzzzzzzz\"";
    QTest::newRow("unknown section")
        << QByteArray("[sever]\nlisten = \"x\"\n")
        << "g.toml:1:2: unknown section [sever]; did you mean \"server\"?";
    QTest::newRow("key outside a section")
        << QByteArray("listen = \"127.0.0.1:1\"\n")
        << "g.toml:1:1: unknown key \"listen\" outside a section; did you mean \"server.listen\"?";
    QTest::newRow("section given as a value")
        << QByteArray("server = 3\n") << "g.toml:1:1: [server] is a section, not a value";
    QTest::newRow("number instead of a text")
        << QByteArray("[server]\nlisten = 7400\n") << "g.toml:2:10: server.listen: expected a text";
    QTest::newRow("text instead of a number") << QByteArray(
        "[limits]\nsessions = \"5\"\n") << "g.toml:2:12: limits.sessions: expected a whole number";
    QTest::newRow("float instead of a number") << QByteArray(
        "[limits]\nsessions = 5.0\n") << "g.toml:2:12: limits.sessions: expected a whole number";
    QTest::newRow("text instead of a flag")
        << QByteArray("[metrics]\nenabled = \"true\"\n")
        << "g.toml:2:11: metrics.enabled: expected true or false";
    QTest::newRow("list with a number") << QByteArray("[cors]\norigins = [\"*\", 1]\n")
                                        << "g.toml:2:11: cors.origins: expected a list of texts";
    QTest::newRow("duration without unit")
        << QByteArray("[limits]\nping_interval = 25\n")
        << "g.toml:2:17: limits.ping_interval: expected a duration such as \"250ms\", \"30s\", "
           "\"10m\" or \"6h\"";
    QTest::newRow("below the range")
        << QByteArray("[auth]\naccess_lifetime = \"10m\"\n")
        << "g.toml:2:19: auth.access_lifetime: out of range, expected 30m to 30d";
    QTest::newRow("above the range")
        << QByteArray("[limits]\njson_depth = 513\n")
        << "g.toml:2:14: limits.json_depth: out of range, expected 1 to 512";
    QTest::newRow("not one of the choices")
        << QByteArray("[log]\nformat = \"xml\"\n")
        << "g.toml:2:10: log.format: expected one of auto, text, json, journal";
    QTest::newRow("listen without a port")
        << QByteArray("[server]\nlisten = \"localhost\"\n")
        << "g.toml:2:10: server.listen: expected ADDRESS:PORT such as \"127.0.0.1:7400\" or "
           "\"[::1]:7400\"";
    QTest::newRow("origin with a path")
        << QByteArray("[cors]\norigins = [\"https://a.example/x\"]\n")
        << "g.toml:2:11: cors.origins: \"https://a.example/x\" is not an origin such as "
           "\"https://ui.example.org\"; \"*\" allows every origin";
    QTest::newRow("certificate without key")
        << QByteArray("[tls]\ncertificate = \"c.pem\"\n")
        << "g.toml:2: tls.certificate: tls.certificate and tls.key belong together";
    QTest::newRow("refresh not longer than access")
        << QByteArray("[auth]\naccess_lifetime = \"48h\"\n")
        << "default: auth.refresh_lifetime: has to be longer than auth.access_lifetime";
    QTest::newRow("messages larger than bodies")
        << QByteArray("[limits]\nmessage_size = \"5MB\"\n")
        << "g.toml:2: limits.message_size: may not be larger than http.body_size, as polling sends "
           "a message as a body";
    QTest::newRow("emitter over Redis without Redis")
        << QByteArray("[bus]\nemitters = [\"python redis socketio\"]\n")
        << "g.toml:2: bus.emitters: \"python redis socketio\" needs bus.redis_url";
    QTest::newRow("emitter over RabbitMQ without RabbitMQ")
        << QByteArray("[bus]\nemitters = [\"python rabbitmq socketio\"]\n")
        << "g.toml:2: bus.emitters: \"python rabbitmq socketio\" needs bus.url";
}

void tst_ConfigurationReader::namesTheMistake()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, error);
    QCOMPARE(read(toml).errors, QStringList{error});
}

void tst_ConfigurationReader::namesAllMistakesAtOnce()
{
    const auto report = read("[server]\nx1 = 1\n[limits]\nsessions = 0\n[nope]\n");
    QCOMPARE(report.errors.size(), 3);
    // A file that is not TOML at all still gets a place.
    const auto broken = read("[server]\nlisten = \n");
    QCOMPARE(broken.errors.size(), 1);
    QVERIFY2(
        broken.errors[0].startsWith(QStringLiteral("g.toml:2:")), qPrintable(broken.errors[0]));
}

void tst_ConfigurationReader::laterSourcesWin()
{
    ConfigurationReader reader;
    reader.readToml("[server]\nlisten = \"127.0.0.1:1\"\n[limits]\nsessions = 10\njson_depth = 9\n",
        QStringLiteral("g.toml"), QString());
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("GATEHOUSE_SERVER_LISTEN"), QStringLiteral("127.0.0.1:2"));
    environment.insert(QStringLiteral("GATEHOUSE_LIMITS_SESSIONS"), QStringLiteral("20"));
    reader.readEnvironment(environment);
    reader.readOption(
        QStringLiteral("server.listen"), QStringLiteral("127.0.0.1:3"), QStringLiteral("--listen"));
    const auto report = reader.finish();
    QCOMPARE(report.errors, QStringList());
    QCOMPARE(report.configuration.server.listen, QStringLiteral("127.0.0.1:3"));
    QCOMPARE(report.configuration.session.maxSessions, 20);
    QCOMPARE(report.configuration.session.packets.maxDepth, 9);
    QCOMPARE(report.origins.value(QStringLiteral("server.listen")), QStringLiteral("--listen"));
    QCOMPARE(report.origins.value(QStringLiteral("limits.json_depth")), QStringLiteral("g.toml:5"));
}

void tst_ConfigurationReader::environmentSetsEveryType()
{
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("GATEHOUSE_METRICS_ENABLED"), QStringLiteral("false"));
    environment.insert(QStringLiteral("GATEHOUSE_LIMITS_QUEUE_SIZE"), QStringLiteral("64KiB"));
    environment.insert(QStringLiteral("GATEHOUSE_LIMITS_PING_TIMEOUT"), QStringLiteral("1500ms"));
    environment.insert(
        QStringLiteral("GATEHOUSE_CORS_ORIGINS"), QStringLiteral("https://a.example,http://b:81"));
    environment.insert(QStringLiteral("GATEHOUSE_LOG_LEVEL"), QStringLiteral("debug"));
    environment.insert(QStringLiteral("GATEHOUSE_LIMITS_SESSIONS"), QStringLiteral("many"));
    ConfigurationReader reader;
    reader.readEnvironment(environment);
    const auto report = reader.finish();
    QCOMPARE(report.errors,
        QStringList{
            QStringLiteral("GATEHOUSE_LIMITS_SESSIONS: limits.sessions: expected a whole number")});
    QCOMPARE(report.configuration.metrics.enabled, false);
    QCOMPARE(report.configuration.session.maxQueuedBytes, 65'536);
    QCOMPARE(report.configuration.session.pingTimeout, Millis{1'500});
    QCOMPARE(report.configuration.session.allowedOrigins,
        QStringList({QStringLiteral("https://a.example"), QStringLiteral("http://b:81")}));
    QCOMPARE(report.configuration.log.level, QStringLiteral("debug"));
}

void tst_ConfigurationReader::unknownVariableIsOnlyAWarning()
{
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("GATEHOUSE_PORT"), QStringLiteral("tcp://10.0.0.1:7400"));
    ConfigurationReader reader;
    reader.readEnvironment(environment);
    const auto report = reader.finish();
    QCOMPARE(report.errors, QStringList());
    QCOMPARE(report.warnings,
        QStringList{
            QStringLiteral("environment: GATEHOUSE_PORT is no configuration key, ignored")});

    environment.clear();
    environment.insert(QStringLiteral("GATEHOUSE_SERVER_LISTN"), QStringLiteral("127.0.0.1:1"));
    ConfigurationReader slip;
    slip.readEnvironment(environment);
    QCOMPARE(slip.finish().warnings,
        QStringList{
            QStringLiteral("environment: GATEHOUSE_SERVER_LISTN is no configuration key, ignored; "
                           "did you mean \"GATEHOUSE_SERVER_LISTEN\"?")});
}

void tst_ConfigurationReader::mistakesComeInTheOrderOfTheFile()
{
    const QStringList errors
        = read("[server]\nlissten = 1\n[auth]\nsecret = 1\n[limits]\nping = 1\n[server2]\n").errors;
    QStringList places;
    for (const QString& error : errors)
        places.append(error.section(u' ', 0, 0));
    QCOMPARE(places,
        (QStringList{QStringLiteral("g.toml:2:1:"), QStringLiteral("g.toml:4:1:"),
            QStringLiteral("g.toml:6:1:"), QStringLiteral("g.toml:7:2:")}));
}

void tst_ConfigurationReader::secretComesFromAFile()
{
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("token")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("s3cret\n");
    file.close();
    QVERIFY(file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner));
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("GATEHOUSE_METRICS_TOKEN_FILE"), file.fileName());
    ConfigurationReader reader;
    reader.readEnvironment(environment);
    const auto report = reader.finish();
    QCOMPARE(report.errors, QStringList());
    QCOMPARE(report.configuration.metrics.token, QStringLiteral("s3cret"));
}

void tst_ConfigurationReader::secretFileOfEverybodyIsRefused()
{
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("token")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("s3cret\n");
    file.close();
    QVERIFY(file.setPermissions(
        QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("GATEHOUSE_METRICS_TOKEN_FILE"), file.fileName());
    ConfigurationReader reader;
    reader.readEnvironment(environment);
    const auto report = reader.finish();
    QCOMPARE(report.errors.size(), 1);
    QVERIFY(report.errors[0].contains(QStringLiteral("use mode 0600")));
    QVERIFY(!report.errors[0].contains(QStringLiteral("s3cret")));
}

void tst_ConfigurationReader::relativePathsCountFromTheFile()
{
    const auto report = read("[server]\ndata = \"state\"\n[auth]\npublic_keys = [\"a.pem\", "
                             "\"/b.pem\"]\njwks_file = \"../keys.json\"\n");
    QCOMPARE(report.configuration.server.data, QStringLiteral("/etc/gatehouse/state"));
    QCOMPARE(report.configuration.auth.publicKeys,
        QStringList({QStringLiteral("/etc/gatehouse/a.pem"), QStringLiteral("/b.pem")}));
    QCOMPARE(report.configuration.auth.jwksFile, QStringLiteral("/etc/keys.json"));
}

void tst_ConfigurationReader::missingFileIsAMistake()
{
    ConfigurationReader reader;
    reader.readFile(QStringLiteral("/nonexistent/gatehouse.toml"));
    const auto report = reader.finish();
    QCOMPARE(report.errors.size(), 1);
    QVERIFY(report.errors[0].startsWith(QStringLiteral("/nonexistent/gatehouse.toml: ")));
}

void tst_ConfigurationReader::publicAddressNeedsTlsOrTheSwitch_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<bool>("good");
    QTest::newRow("loopback 4") << QByteArray("[server]\nlisten = \"127.0.0.2:1\"\n") << true;
    QTest::newRow("loopback 6") << QByteArray("[server]\nlisten = \"[::1]:1\"\n") << true;
    QTest::newRow("any address") << QByteArray("[server]\nlisten = \"0.0.0.0:1\"\n") << false;
    QTest::newRow("any address 6") << QByteArray("[server]\nlisten = \"[::]:1\"\n") << false;
    QTest::newRow("private address") << QByteArray("[server]\nlisten = \"10.0.0.1:1\"\n") << false;
    QTest::newRow("any address, TLS")
        << QByteArray("[server]\nlisten = \"0.0.0.0:1\"\n[tls]\ncertificate = \"c\"\nkey = \"k\"\n")
        << true;
    QTest::newRow("any address, the switch")
        << QByteArray("[server]\nlisten = \"0.0.0.0:1\"\nallow_plain_public = true\n") << true;
}

void tst_ConfigurationReader::publicAddressNeedsTlsOrTheSwitch()
{
    QFETCH(QByteArray, toml);
    QFETCH(bool, good);
    const auto report = read(toml);
    QCOMPARE(report.isGood(), good);
    if (!good) {
        QVERIFY(report.errors[0].contains(QStringLiteral("g.toml:2: server.listen: ")));
    }
}

void tst_ConfigurationReader::readsListenAddresses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("canonical"); // empty: refused
    QTest::newRow("IPv4") << "127.0.0.1:7400"
                          << "127.0.0.1:7400";
    QTest::newRow("IPv6") << "[::1]:7400"
                          << "[::1]:7400";
    QTest::newRow("localhost") << "localhost:0"
                               << "127.0.0.1:0";
    QTest::newRow("IPv6 without brackets") << "::1:7400"
                                           << "";
    QTest::newRow("host name") << "example.org:80"
                               << "";
    QTest::newRow("port too large") << "127.0.0.1:65536"
                                    << "";
    QTest::newRow("no port") << "127.0.0.1"
                             << "";
    QTest::newRow("no host") << ":7400"
                             << "";
    QTest::newRow("empty port") << "127.0.0.1:"
                                << "";
}

void tst_ConfigurationReader::readsListenAddresses()
{
    QFETCH(QString, text);
    QFETCH(QString, canonical);
    const auto address = ListenAddress::fromText(text);
    QCOMPARE(address ? address->toText() : QString(), canonical);
}

void tst_ConfigurationReader::answersFitTheQueueOfWhoAsks()
{
    Configuration configuration;
    QCOMPARE(configuration.federationOptions().maxHistoryBytes, qsizetype(256 << 10));
    QCOMPARE(configuration.adminOptions().maxHistoryBytes, qsizetype(512 << 10));
    configuration.session.maxQueuedBytes = 64 << 10;
    QCOMPARE(configuration.federationOptions().maxHistoryBytes, qsizetype(32 << 10));
    QCOMPARE(configuration.adminOptions().maxHistoryBytes, qsizetype(32 << 10));
}

QTEST_GUILESS_MAIN(tst_ConfigurationReader)
#include "tst_configurationreader.moc"
