// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminlink.h"
#include "common/client/socketioclient.h"

#include <memory>

namespace gatehouse::gui {

/// AdminLink over the network: WebSocket, namespace `/gh-admin`. A certificate the system does not
/// trust ends the attempt.
class SocketIoLink final : public AdminLink
{
    Q_OBJECT

public:
    explicit SocketIoLink(QObject* parent = nullptr);
    ~SocketIoLink() override;

    void open(const QUrl& server, const QByteArray& token) override;
    void close() override;
    void request(const QString& event, const QJsonArray& args, Answer answer) override;

private:
    void handleRefused(const QByteArray& json);
    void end(const QString& reason);

    std::unique_ptr<client::SocketIoClient> m_client; ///< a new one for each attempt
};

} // namespace gatehouse::gui
