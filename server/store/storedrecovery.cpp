// SPDX-License-Identifier: Apache-2.0
#include "server/store/storedrecovery.h"

#include "server/store/job.h"
#include "server/store/store.h"

#include <algorithm>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

template <class T>
JobPtr job(typename TypedJob<T>::Work work, StoredRecovery::Completion<T> done)
{
    return std::make_unique<TypedJob<T>>(std::move(work), std::move(done));
}

void removeAll(Database& database, const QString& nsp)
{
    database.change(u"DELETE FROM recovery_sockets WHERE nsp = ?"_s, nsp);
    database.change(u"DELETE FROM recovery_events WHERE nsp = ?"_s, nsp);
    database.change(u"DELETE FROM recovery_floors WHERE nsp = ?"_s, nsp);
}

void forgetUpTo(Database& database, const QString& nsp, quint64 number)
{
    database.change(u"INSERT INTO recovery_floors (nsp, number) VALUES (?, ?) "
                    "ON CONFLICT (nsp) DO UPDATE SET number = excluded.number"_s,
        nsp, qint64(number));
    database.change(
        u"DELETE FROM recovery_events WHERE nsp = ? AND number <= ?"_s, nsp, qint64(number));
}

void apply(Database& database, const QString& nsp, const RecoveryChanges& changes)
{
    if (changes.forgetsSockets)
        database.change(u"DELETE FROM recovery_sockets WHERE nsp = ?"_s, nsp);
    for (const auto& [pid, socket] : changes.sockets) {
        if (socket) {
            database.change(
                u"INSERT INTO recovery_sockets (nsp, pid, body, left_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (nsp, pid) DO UPDATE SET body = excluded.body, "
                "left_at = excluded.left_at"_s,
                nsp, QString::fromLatin1(pid), socket->body, socket->leftAt);
        } else {
            database.change(u"DELETE FROM recovery_sockets WHERE nsp = ? AND pid = ?"_s, nsp,
                QString::fromLatin1(pid));
        }
    }
    for (const StoredEvent& event : changes.events) {
        database.change(
            u"INSERT INTO recovery_events (nsp, number, kept_at, body) VALUES (?, ?, ?, ?)"_s, nsp,
            qint64(event.number), event.keptAt, event.body);
    }
    if (changes.forgottenUpTo > 0)
        forgetUpTo(database, nsp, changes.forgottenUpTo);
}

void readSockets(Database& database, const QString& nsp, const StoredRecovery::Bounds& bounds,
    RecoveryContent& content)
{
    Rows rows = database.query(
        u"SELECT pid, body, left_at FROM recovery_sockets WHERE nsp = ? AND "
        "(left_at = 0 OR left_at >= ?) ORDER BY CASE WHEN left_at = 0 THEN 1 ELSE 0 END DESC, "
        "left_at DESC LIMIT ?"_s,
        nsp, bounds.leftAfter, qint64(bounds.sockets));
    while (rows.next())
        content.sockets.push_back({rows.text(0).toLatin1(), rows.bytes(1), rows.time(2)});
    // The longest away come first, as they came to the writer.
    std::reverse(content.sockets.begin(), content.sockets.end());
}

void readEvents(Database& database, const QString& nsp, const StoredRecovery::Bounds& bounds,
    RecoveryContent& content)
{
    {
        Rows floor = database.query(u"SELECT number FROM recovery_floors WHERE nsp = ?"_s, nsp);
        if (floor.next())
            content.forgottenUpTo = quint64(floor.integer(0));
    }
    Rows rows = database.query(u"SELECT number, kept_at, body FROM recovery_events WHERE nsp = ? "
                               "ORDER BY number DESC LIMIT ?"_s,
        nsp, qint64(bounds.events) + 1);
    qsizetype bytes = 0;
    while (rows.next()) {
        StoredEvent event{quint64(rows.integer(0)), rows.time(1), rows.bytes(2)};
        bytes += event.body.size();
        if (event.keptAt < bounds.keptAfter || bytes > bounds.bytes
            || qsizetype(content.events.size()) >= bounds.events) {
            content.forgottenUpTo = std::max(content.forgottenUpTo, event.number);
            break;
        }
        content.events.push_back(std::move(event));
    }
    std::reverse(content.events.begin(), content.events.end());
}

} // namespace

void StoredRecovery::write(
    std::map<QByteArray, RecoveryChanges> changes, qsizetype bytes, Completion<void> done)
{
    JobPtr made = job<void>(
        [changes = std::move(changes)](Database& database) {
            for (const auto& [nsp, change] : changes)
                apply(database, QString::fromUtf8(nsp), change);
        },
        std::move(done));
    made->bytes = bytes;
    m_store.submitWrite(std::move(made));
}

void StoredRecovery::load(QByteArray nsp, Bounds bounds, Completion<RecoveryContent> done)
{
    m_store.submitRead(job<RecoveryContent>(
        [name = QString::fromUtf8(nsp), bounds](Database& database) {
            RecoveryContent content;
            readSockets(database, name, bounds, content);
            readEvents(database, name, bounds, content);
            return content;
        },
        std::move(done)));
}

void StoredRecovery::keepOnly(std::vector<QByteArray> namespaces, Completion<void> done)
{
    m_store.submitWrite(job<void>(
        [namespaces = std::move(namespaces)](Database& database) {
            std::vector<QString> others;
            {
                Rows rows = database.query(
                    u"SELECT nsp FROM recovery_sockets UNION SELECT nsp FROM recovery_events "
                    "UNION SELECT nsp FROM recovery_floors"_s);
                while (rows.next()) {
                    const QString nsp = rows.text(0);
                    if (std::find(namespaces.begin(), namespaces.end(), nsp.toUtf8())
                        == namespaces.end())
                        others.push_back(nsp);
                }
            }
            for (const QString& nsp : others)
                removeAll(database, nsp);
        },
        std::move(done)));
}

} // namespace gatehouse::store
