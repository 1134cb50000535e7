// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/strictjson.h"
#include "common/protocol/jsonargs.h"
#include "server/app/configurationreader.h"
#include "server/app/relays.h"
#include "server/bus/localbus.h"
#include "server/relay/profile.h"
#include "tests/server/access/testkeys.h"

#include <QDateTime>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <deque>

/// The example profile of a dashboard between clients and services that are played by the test; the
/// clock moves only when told to.
namespace gatehouse::relay::test {

inline const QByteArray secret("a secret of the REST API, long enough");
inline const QByteArray anna("214037134477230080"); ///< a snowflake above 2^53
inline const QByteArray berta("109462069484486656");
inline const QByteArray guild("607637793107345431"); ///< of shard 1 of 2
inline const QByteArray otherGuild("436189230390050826"); ///< of shard 0 of 2

struct Event
{
    QByteArray name;
    QByteArray payload;

    QJsonObject object() const { return QJsonDocument::fromJson(payload).object(); }
};

class FakePeer final : public Peer, public hub::Subscriber
{
public:
    FakePeer(hub::Hub& hub, QByteArray id, protocol::HttpHeaders headers, const QString& query)
        : m_hub(hub), m_id{std::move(id)}
    {
        m_handshake.headers = std::move(headers);
        m_handshake.query = QUrlQuery(query);
        m_handshake.peerAddress = QStringLiteral("192.0.2.7");
        m_handshake.peerPort = 4711;
        m_hub.attach(nsp(), *this);
    }
    ~FakePeer() override { m_hub.detach(nsp(), *this); }

    static NamespaceName nsp() { return {"/"}; }

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency) override
    {
        packets.push_back(packet);
        const auto parts = protocol::splitEvent(packet->text().mid(2));
        events.push_back({parts->name, parts->args});
    }

    const SocketId& id() const override { return m_id; }
    const session::Handshake& handshake() const override { return m_handshake; }
    const access::Principal& principal() const override { return m_principal; }
    void setPrincipal(access::Principal principal) override { m_principal = std::move(principal); }
    void send(QByteArrayView event, const protocol::JsonArgs& args) override
    {
        events.push_back({event.toByteArray(), args});
    }
    void acknowledge(quint64 ackId, const protocol::JsonArgs& args) override
    {
        owed.remove(ackId);
        events.push_back({"ack " + QByteArray::number(ackId), args});
    }
    void owesAnswer(quint64 ackId) override { owed.insert(ackId); }
    void releaseAnswer(quint64 ackId) override { owed.remove(ackId); }
    bool join(const RoomName& room) override
    {
        m_hub.join(nsp(), room, *this);
        return true;
    }
    void leave(const RoomName& room) override { m_hub.leave(nsp(), room, *this); }
    void close(session::CloseCode, QLatin1StringView reason) override { closed = reason.latin1(); }
    bool settle() override
    {
        ++settled;
        return true;
    }

    bool isIn(const QByteArray& room) const { return m_hub.isMember(nsp(), {room}, m_id); }
    QByteArrayList names() const
    {
        QByteArrayList all;
        for (const Event& event : events)
            all.append(event.name);
        return all;
    }
    Event take()
    {
        if (events.empty())
            return {"(nothing)", {}};
        Event first = std::move(events.front());
        events.pop_front();
        return first;
    }

    std::deque<Event> events;
    std::vector<protocol::EncodedPacketPtr> packets;
    QSet<quint64> owed; ///< acknowledgements
    QByteArray closed;
    int settled = 0;

private:
    hub::Hub& m_hub;
    SocketId m_id;
    session::Handshake m_handshake;
    access::Principal m_principal;
};

/// A back end that answers when the test says so, or at once.
class FakeService
{
public:
    FakeService(bus::Bus& bus, const QByteArray& queue)
        : m_ticket(bus.serve(queue, [this](const bus::Message& call, bus::Reply reply) {
              calls.append(call.body);
              for (const auto& [method, answer] : answers) {
                  if (call.body.contains(QByteArray("\"method\":\"" + method + '"'))) {
                      reply.finish(answer);
                      return;
                  }
              }
              waiting.push_back(std::move(reply));
          }))
    {
    }

    QByteArrayList calls;
    std::vector<std::pair<QByteArray, QByteArray>> answers; ///< by method
    std::deque<bus::Reply> waiting;

private:
    bus::Ticket m_ticket;
};

inline QByteArray rpc(const QByteArray& resp, int status = 200)
{
    return R"({"resp":)" + resp + R"(,"sc":)" + QByteArray::number(status) + '}';
}

struct Rig
{
    /// `timeout` of the route, where the example's five seconds are too long to wait for; tables
    /// that are `more` than the example has.
    explicit Rig(const QByteArray& timeout = "5s", const QByteArray& more = {})
    {
        QFile file(QStringLiteral(GATEHOUSE_SOURCE_DIR "/examples/dashboard/gatehouse.toml"));
        const bool isOpen = file.open(QIODevice::ReadOnly);
        Q_ASSERT(isOpen);
        app::ConfigurationReader reader;
        QByteArray toml = file.readAll() + more;
        toml.replace("timeout = \"5s\"", QByteArray("timeout = \"" + timeout + '"'));
        reader.readToml(toml, QStringLiteral("gatehouse.toml"), {});
        auto report = reader.finish();
        for (const QString& error : report.errors)
            qWarning("%s", qPrintable(error));
        tables = report.configuration.relay;
        access::KeySet keys;
        const auto added = keys.addSecret(secret);
        Q_ASSERT(added);
        verifier = std::make_unique<access::ProfileVerifier>(
            tables.claims.front().profile, std::move(keys), clock);
        start();
    }

    /// The profile with what `tables` have by now.
    void start()
    {
        profile.reset();
        profile = std::make_unique<Profile>(
            tables.relays.front(), ProfileServices{hub, bus, verifier.get(), {}, clock});
    }

    /// As the REST API issues it: no `exp`, a naive time of issue.
    QByteArray token(const QByteArray& id = anna, qint64 seconds = 3600,
        const QByteArray& permissions = "274") const
    {
        const QString issued = QDateTime::fromMSecsSinceEpoch(clock.wall().count(), Qt::UTC)
                                   .toString(QStringLiteral("yyyy-MM-ddTHH:mm:ss.zzz"))
            + QStringLiteral("123");
        return access::test::hmacToken(R"({"alg":"HS256","typ":"JWT"})",
            R"({"access_token":"x","refresh_token":"y","expires_in":)" + QByteArray::number(seconds)
                + R"(,"issued_at":")" + issued.toUtf8() + R"(","id":)" + id + R"(,"permissions":)"
                + permissions + '}',
            secret);
    }

    std::unique_ptr<FakePeer> connectPeer(
        const QByteArray& cookieToken = {}, const QString& query = {})
    {
        protocol::HttpHeaders headers;
        if (!cookieToken.isEmpty())
            headers.add("Cookie", "io=abc; token=" + cookieToken);
        auto peer = std::make_unique<FakePeer>(
            hub, "sid" + QByteArray::number(++connected), headers, query);
        profile->peerConnected(*peer);
        return peer;
    }

    void emitEvent(FakePeer& peer, const QByteArray& name, const QByteArray& args,
        std::optional<quint64> ack = {})
    {
        profile->eventReceived(peer, {name, args, ack});
    }

    void advance(Millis step)
    {
        clock.advance(step);
        profile->sweep();
        spin();
    }

    /// Until nothing more happens by itself.
    static void spin()
    {
        for (int i = 0; i < 20; ++i)
            QCoreApplication::processEvents();
    }

    QByteArray call(const QByteArray& queue, const QByteArray& body)
    {
        QByteArray answer;
        const auto ticket
            = bus.request({.queue = queue, .body = body}, [&](const Result<bus::Answer>& got) {
                  answer = got ? got->message.body : "error: " + got.error().detail.toUtf8();
              });
        spin();
        return answer;
    }

    void publish(const QByteArray& topic, const QByteArray& body)
    {
        bus.publish({.exchange = "events", .topic = topic, .body = body}, {});
        spin();
    }

    ManualClock clock;
    hub::Hub hub{clock};
    bus::LocalBus bus{clock};
    app::RelayTables tables;
    std::unique_ptr<access::ProfileVerifier> verifier;
    std::unique_ptr<Profile> profile;
    int connected = 0;
};

} // namespace gatehouse::relay::test
