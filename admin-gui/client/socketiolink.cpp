// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/socketiolink.h"

#include "admin-gui/client/errornames.h"

#include <QJsonDocument>

namespace gatehouse::gui {

namespace {

using L = QLatin1StringView;

const NamespaceName adminNamespace{QByteArrayLiteral("/gh-admin")};

} // namespace

SocketIoLink::SocketIoLink(QObject* parent) : AdminLink(parent) { }
SocketIoLink::~SocketIoLink() = default;

void SocketIoLink::open(const QUrl& server, const QByteArray& token)
{
    close();
    client::SocketIoClientOptions options;
    options.server = server;
    options.connectTimeout = Millis{10'000};
    options.maxMessageBytes = 64 << 20; // a page of a snapshot, generously
    m_client = std::make_unique<client::SocketIoClient>(options);
    client::SocketIoClient* client = m_client.get();
    connect(client, &client::SocketIoClient::namespaceConnected, this, &AdminLink::opened);
    connect(client, &client::SocketIoClient::connectRefused, this,
        [this](const NamespaceName&, const QByteArray& json) { handleRefused(json); });
    connect(client, &client::SocketIoClient::connectFailed, this, &SocketIoLink::end);
    connect(client, &client::SocketIoClient::disconnected, this, &SocketIoLink::end);
    connect(client, &client::SocketIoClient::namespaceDisconnected, this,
        [this](const NamespaceName&, const QString& reason) { end(reason); });
    connect(client, &client::SocketIoClient::eventReceived, this,
        [this](const client::ReceivedEvent& event) {
            Q_EMIT eventReceived(QString::fromUtf8(event.name), event.json());
        });
    const QJsonObject auth{{L("token"), QString::fromUtf8(token)}};
    client->connectNamespace(adminNamespace, QJsonDocument(auth).toJson(QJsonDocument::Compact));
    client->open();
}

void SocketIoLink::close()
{
    if (!m_client)
        return;
    // Our own slots must not hear of the end we make ourselves.
    m_client->disconnect(this);
    m_client->close();
    m_client.release()->deleteLater();
}

void SocketIoLink::end(const QString& reason)
{
    close();
    Q_EMIT closed(reason);
}

/// CONNECT_ERROR is `{"message": …, "data": {"code": …}}`.
void SocketIoLink::handleRefused(const QByteArray& json)
{
    const QJsonObject object = QJsonDocument::fromJson(json).object();
    const QString code = object.value(L("data")).toObject().value(L("code")).toString();
    const Error error{errorCodeFromName(code), object.value(L("message")).toString()};
    close();
    Q_EMIT refused(error);
}

void SocketIoLink::request(const QString& event, const QJsonArray& args, Answer answer)
{
    if (!m_client) {
        QMetaObject::invokeMethod(
            this, [answer = std::move(answer)] { answer(failure(ErrorCode::Unavailable)); },
            Qt::QueuedConnection);
        return;
    }
    // The client itself is the context: answers end with the attempt they belong to.
    m_client->emitJsonWithAck(adminNamespace, event.toUtf8(), args, m_client.get(),
        [answer = std::move(answer)](const Result<client::AckReply>& reply) {
            if (reply)
                answer(reply->json());
            else
                answer(tl::unexpected<Error>(reply.error()));
        });
}

} // namespace gatehouse::gui
