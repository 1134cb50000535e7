// SPDX-License-Identifier: Apache-2.0
#include "tests/support/httpcall.h"
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <csignal>
#include <memory>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// An Ed25519 key pair of another issuer.
class Pair
{
public:
    QByteArray publicPem() const
    {
        const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
        PEM_write_bio_PUBKEY(memory.get(), m_key.get());
        char* octets = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &octets);
        return {octets, size};
    }
    QByteArray jwks(const QByteArray& kid) const { return "{\"keys\":[" + jwk(kid) + "]}"; }
    QByteArray jwk(const QByteArray& kid) const
    {
        size_t size = 32;
        QByteArray raw(32, '\0');
        EVP_PKEY_get_raw_public_key(m_key.get(), octetsOf(raw), &size);
        return R"({"kty":"OKP","crv":"Ed25519","kid":")" + kid + R"(","x":")" + encoded(raw)
            + "\"}";
    }
    /// Of user 4, for an hour.
    QByteArray token(const QByteArray& kid = {}) const
    {
        const qint64 now = QDateTime::currentSecsSinceEpoch();
        const QByteArray header = R"({"alg":"EdDSA","typ":"JWT")"
            + (kid.isEmpty() ? QByteArray() : ",\"kid\":\"" + kid + '"') + '}';
        const QByteArray payload = R"({"sub":4,"client_type":"user","type":"access","fresh":false,)"
                                   R"("jti":"a","nbf":)"
            + QByteArray::number(now) + ",\"iat\":" + QByteArray::number(now)
            + ",\"exp\":" + QByteArray::number(now + 3'600) + '}';
        const QByteArray signedPart = encoded(header) + '.' + encoded(payload);
        const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(
            EVP_MD_CTX_new(), EVP_MD_CTX_free);
        size_t size = 64;
        QByteArray signature(64, '\0');
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, m_key.get());
        EVP_DigestSign(context.get(), octetsOf(signature), &size,
            reinterpret_cast<const unsigned char*>(signedPart.constData()),
            size_t(signedPart.size()));
        return signedPart + '.' + encoded(signature);
    }

private:
    static unsigned char* octetsOf(QByteArray& bytes)
    {
        return reinterpret_cast<unsigned char*>(bytes.data());
    }
    static QByteArray encoded(const QByteArray& octets)
    {
        return octets.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    }

    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> m_key{
        EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free};
};

} // namespace

/// SIGHUP and the files of token keys, on the real program.
class tst_KeyReload : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void aNewSecretEndsTheSessionsOfTheOldOne();
    void aKeyOfAnotherIssuerIsTakenAndWithdrawn_data();
    void aKeyOfAnotherIssuerIsTakenAndWithdrawn();
    void aFileThatIsNoGoodChangesNothing();
    void keysThatAreTooManyChangeNothing();

private:
    void write(const QString& path, const QByteArray& octets) const;
    QByteArray adminToken() const;
    void reload(int times); ///< sends SIGHUP and waits until it has been done that often
    /// Connects and enters; false when the token is not taken.
    bool enter(ScriptedWebSocket& socket, const QByteArray& nsp, const QByteArray& token) const;
    static bool isThere(ScriptedWebSocket& socket);

    std::unique_ptr<ServedProgram> m_server;
};

void tst_KeyReload::init()
{
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY(m_server->command({QStringLiteral("import"), QStringLiteral(FEDERATION_FILE)}));
}

void tst_KeyReload::write(const QString& path, const QByteArray& octets) const
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(octets);
    QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
}

QByteArray tst_KeyReload::adminToken() const
{
    const auto token = m_server->command(
        {QStringLiteral("token"), QStringLiteral("mint"), QStringLiteral("--kind"),
            QStringLiteral("admin"), QStringLiteral("--id"), QStringLiteral("1")});
    return token.value_or(QByteArray()).trimmed();
}

void tst_KeyReload::reload(int times)
{
    m_server->signal(SIGHUP);
    QVERIFY(ServedProgram::waitLooking(
        [&] { return m_server->log().count("Directory read again") == times; }));
}

bool tst_KeyReload::enter(
    ScriptedWebSocket& socket, const QByteArray& nsp, const QByteArray& token) const
{
    protocol::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + token);
    if (!socket.open(m_server->port(), "/socket.io/?EIO=4&transport=websocket", headers))
        return false;
    socket.receiveText();
    socket.sendText(QByteArray("40" + nsp + ",{\"token\":\"" + token + "\"}"));
    return socket.receiveText().startsWith(QByteArray("40" + nsp + ",{\"sid\""));
}

bool tst_KeyReload::isThere(ScriptedWebSocket& socket)
{
    socket.sendFrame(protocol::WebSocketOpcode::Ping, "there?");
    for (;;) {
        const WireEvent event = socket.receive();
        if (event.kind == WireEvent::Kind::Pong)
            return true;
        if (event.kind != WireEvent::Kind::Text)
            return false;
    }
}

void tst_KeyReload::aNewSecretEndsTheSessionsOfTheOldOne()
{
    QVERIFY(m_server->start());
    const QByteArray oldToken = adminToken();
    ScriptedWebSocket console;
    QVERIFY(enter(console, "/gh-admin", oldToken));
    ScriptedWebSocket stranger; // without a token, and so without a key
    QVERIFY(stranger.open(m_server->port()));
    stranger.receiveText();
    stranger.sendText("40");
    stranger.receiveText();
    reload(1);
    QVERIFY(isThere(console));

    write(m_server->dataPath() + QStringLiteral("/jwt.key"), QByteArray(64, 'n'));
    reload(2);
    QVERIFY(console.waitForEnd());
    QCOMPARE(console.closeCode(), std::optional<quint16>(4005));
    QVERIFY(isThere(stranger));
    ScriptedWebSocket again;
    QVERIFY(!enter(again, "/gh-admin", oldToken));
    const QByteArray newToken = adminToken();
    ScriptedWebSocket fresh;
    QVERIFY(enter(fresh, "/gh-admin", newToken));
    // And the server signs with it too.
    protocol::HttpHeaders headers;
    headers.add("Content-Type", "application/json");
    const HttpReply login = httpRequest(m_server->port(), "POST", "/api/token/user", headers,
        R"({"username":"ada","password":"ada-secret-1"})");
    QCOMPARE(login.status, 200);
    const qsizetype begin = login.body.indexOf("\"access_token\"");
    const qsizetype from = login.body.indexOf('"', login.body.indexOf(':', begin)) + 1;
    const QByteArray user = login.body.mid(from, login.body.indexOf('"', from) - from);
    ScriptedWebSocket ada;
    QVERIFY(enter(ada, "/tasks", user));
}

void tst_KeyReload::aKeyOfAnotherIssuerIsTakenAndWithdrawn_data()
{
    QTest::addColumn<bool>("isSet");
    QTest::newRow("PEM file") << false;
    QTest::newRow("JWKS file") << true;
}

void tst_KeyReload::aKeyOfAnotherIssuerIsTakenAndWithdrawn()
{
    QFETCH(bool, isSet);
    const Pair first;
    const Pair second;
    const QString file = m_server->path(QStringLiteral("theirs"));
    const auto publish = [&](const Pair& pair, const QByteArray& kid) {
        write(file, isSet ? pair.jwks(kid) : pair.publicPem());
    };
    const auto tokenOf = [&](const Pair& pair, const QByteArray& kid) {
        return pair.token(isSet ? kid : QByteArray());
    };
    publish(first, "one");
    QVERIFY2(m_server->start(
                 {(isSet ? QStringLiteral("auth.jwks_file=") : QStringLiteral("auth.public_keys="))
                     + file}),
        m_server->log().constData());
    ScriptedWebSocket ours;
    QVERIFY(enter(ours, "/gh-admin", adminToken()));
    ScriptedWebSocket theirs;
    QVERIFY(enter(theirs, "/tasks", tokenOf(first, "one")));

    publish(second, "two");
    reload(1);
    QVERIFY(theirs.waitForEnd());
    QCOMPARE(theirs.closeCode(), std::optional<quint16>(4005));
    QVERIFY(isThere(ours));
    // Let in as anybody without a usable token, and told.
    ScriptedWebSocket old;
    QVERIFY(enter(old, "/tasks", tokenOf(first, "one")));
    QCOMPARE(old.receiveText(), QByteArray("42/tasks,[\"invalid_token\"]"));
    ScriptedWebSocket fresh;
    QVERIFY(enter(fresh, "/tasks", tokenOf(second, "two")));
}

void tst_KeyReload::aFileThatIsNoGoodChangesNothing()
{
    const Pair pair;
    const QString file = m_server->path(QStringLiteral("theirs"));
    write(file, pair.publicPem());
    QVERIFY(m_server->start({QStringLiteral("auth.public_keys=") + file}));
    ScriptedWebSocket theirs;
    QVERIFY(enter(theirs, "/tasks", pair.token()));
    write(file, "-----BEGIN PUBLIC KEY-----\nhalf written");
    reload(1);
    QVERIFY(m_server->waitForLog("Token keys not read again: auth.public_keys"));
    QVERIFY(isThere(theirs));
    ScriptedWebSocket more;
    QVERIFY(enter(more, "/tasks", pair.token()));
}

/// The files are good by themselves, and too much together with what the issuer has published.
void tst_KeyReload::keysThatAreTooManyChangeNothing()
{
    const Pair first;
    const Pair second;
    QByteArray published = first.jwks("one");
    QTcpServer issuer;
    QVERIFY(issuer.listen(QHostAddress::LocalHost));
    connect(&issuer, &QTcpServer::newConnection, &issuer, [&] {
        QTcpSocket* const peer = issuer.nextPendingConnection();
        connect(peer, &QTcpSocket::disconnected, peer, &QObject::deleteLater);
        connect(peer, &QTcpSocket::readyRead, peer, [peer, &published] {
            if (!peer->readAll().contains("\r\n\r\n"))
                return;
            peer->write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
                + QByteArray::number(published.size()) + "\r\n\r\n" + published);
            peer->disconnectFromHost();
        });
    });
    const QString file = m_server->path(QStringLiteral("theirs"));
    write(file, second.jwks("of a file"));
    QVERIFY(m_server->start({QStringLiteral("auth.jwks_file=") + file,
        QStringLiteral("auth.jwks_url=http://127.0.0.1:%1/").arg(issuer.serverPort()),
        QStringLiteral("auth.jwks_retry=1s")}));
    QVERIFY(m_server->waitForLog("Keys of"));
    ScriptedWebSocket theirs;
    QVERIFY(enter(theirs, "/tasks", first.token("one")));

    QByteArrayList keys;
    for (int i = 0; i < 63; ++i)
        keys << first.jwk(QByteArray::number(i));
    write(file, "{\"keys\":[" + keys.join(',') + "]}");
    reload(1);
    QVERIFY(m_server->waitForLog("Token keys not read again"));
    QVERIFY(isThere(theirs));
    // What was in force is what the issuer's next set is added to.
    published = second.jwks("two");
    ScriptedWebSocket next;
    QVERIFY(enter(next, "/tasks", second.token("two")));
    QVERIFY(m_server->waitForLog("Client identified as user"));
    const bool isIn = ServedProgram::waitLooking(
        [&] { return m_server->log().count("Client identified as user") == 2; });
    QVERIFY(isIn);
}

QTEST_GUILESS_MAIN(tst_KeyReload)
#include "tst_keyreload.moc"
