// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/socketiovalues.h"

#include <QDeadlineTimer>
#include <QHash>
#include <QObject>
#include <QPointer>
#include <QTimer>

namespace gatehouse::client {

/// The answers a client waits for, with one timer for all their deadlines. Owned by the client and
/// in its thread. Every callback is called exactly once, unless its context is gone by then; a
/// callback may ask for more, or destroy the client.
class PendingAcks : public QObject
{
    Q_OBJECT

public:
    explicit PendingAcks(QObject* parent = nullptr);

    /// The id the server shall answer with.
    quint64 add(const NamespaceName& nsp, Millis timeout, QObject* context, AckCallback callback);

    /// False when nobody waits for this answer (any more).
    bool resolve(const NamespaceName& nsp, quint64 id, AckReply reply);

    void failAll(const Error& error);
    void failNamespace(const NamespaceName& nsp, const Error& error);

private:
    struct Pending
    {
        NamespaceName nsp;
        QDeadlineTimer deadline;
        QPointer<QObject> context;
        AckCallback callback;
    };

    void fail(const QList<quint64>& ids, const Error& error);
    void failExpired();
    void armTimer();

    QHash<quint64, Pending> m_pending;
    QTimer m_timer;
    quint64 m_nextId = 0;
};

} // namespace gatehouse::client
