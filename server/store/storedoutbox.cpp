// SPDX-License-Identifier: Apache-2.0
#include "server/store/storedoutbox.h"

#include "server/store/job.h"
#include "server/store/store.h"

#include <QDataStream>
#include <QIODevice>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

/// What one row holds beside its body and a message's own columns, roughly.
constexpr qsizetype rowOctets = 256;

template <class T>
JobPtr job(typename TypedJob<T>::Work work, bus::Outbox::Completion<T> done, qsizetype bytes = 0)
{
    JobPtr made = std::make_unique<TypedJob<T>>(std::move(work), std::move(done));
    made->bytes = bytes;
    return made;
}

QByteArray packed(const bus::Properties& properties)
{
    QByteArray octets;
    QDataStream out(&octets, QIODevice::WriteOnly);
    out.setVersion(QDataStream::Qt_6_0);
    out << properties.id << properties.contentType << properties.type << properties.sender
        << quint32(properties.headers.size());
    for (const auto& [name, value] : properties.headers)
        out << name << value;
    return octets;
}

/// None: the row is damaged.
std::optional<bus::Properties> unpacked(const QByteArray& octets)
{
    bus::Properties properties;
    QDataStream in(octets);
    in.setVersion(QDataStream::Qt_6_0);
    quint32 headers = 0;
    in >> properties.id >> properties.contentType >> properties.type >> properties.sender
        >> headers;
    for (quint32 i = 0; i < headers && in.status() == QDataStream::Ok; ++i) {
        QByteArray name;
        QByteArray value;
        in >> name >> value;
        properties.headers.emplace_back(name, value);
    }
    if (in.status() != QDataStream::Ok)
        return {};
    return properties;
}

} // namespace

void StoredOutbox::state(Completion<bus::OutboxState> done)
{
    m_store.submitRead(job<bus::OutboxState>(
        [](Database& database) {
            bus::OutboxState state;
            Rows rows = database.query(
                u"SELECT COUNT(*), CAST(COALESCE(SUM(LENGTH(body)), 0) AS BIGINT), MIN(kept_at) FROM outbox"_s);
            if (rows.next()) {
                state.messages = quint64(rows.integer(0));
                state.bytes = quint64(rows.integer(1));
                state.oldest = rows.timeOrNull(2);
            }
            return state;
        },
        std::move(done)));
}

void StoredOutbox::keep(bus::Publication publication, bool mayBeRepeated, Completion<quint64> done)
{
    const qsizetype bytes = publication.body.size() + rowOctets;
    m_store.submitWrite(job<quint64>(
        [publication = std::move(publication), mayBeRepeated, now = m_clock.wall()](
            Database& database) {
            return quint64(database.insert(
                u"INSERT INTO outbox (exchange, topic, properties, body, needs_receiver, tried, "
                "kept_at) VALUES (?, ?, ?, ?, ?, ?, ?)"_s,
                QString::fromUtf8(publication.exchange), QString::fromUtf8(publication.topic),
                packed(publication.properties), publication.body, publication.needsReceiver,
                mayBeRepeated, now));
        },
        std::move(done), bytes));
}

void StoredOutbox::oldest(
    quint64 after, int count, qint64 bytes, Completion<std::vector<bus::KeptMessage>> done)
{
    m_store.submitRead(job<std::vector<bus::KeptMessage>>(
        [after, count, bytes](Database& database) {
            std::vector<bus::KeptMessage> messages;
            qint64 taken = 0;
            Rows rows = database.query(
                u"SELECT id, exchange, topic, properties, body, needs_receiver, tried, kept_at "
                "FROM outbox WHERE id > ? ORDER BY id LIMIT ?"_s,
                qint64(after), count);
            while (taken < bytes && rows.next()) {
                bus::KeptMessage message;
                message.number = quint64(rows.integer(0));
                auto properties = unpacked(rows.bytes(3));
                message.isDamaged = !properties;
                message.publication = {.exchange = rows.text(1).toUtf8(),
                    .topic = rows.text(2).toUtf8(),
                    .body = rows.bytes(4),
                    .properties = std::move(properties).value_or(bus::Properties{}),
                    .care = bus::Care::Kept,
                    .needsReceiver = rows.integer(5) != 0};
                message.mayBeRepeated = rows.integer(6) != 0;
                message.keptAt = rows.time(7);
                taken += message.publication.body.size();
                messages.push_back(std::move(message));
            }
            return messages;
        },
        std::move(done)));
}

void StoredOutbox::markTried(std::vector<quint64> numbers, Completion<void> done)
{
    m_store.submitWrite(job<void>(
        [numbers = std::move(numbers)](Database& database) {
            for (const quint64 number : numbers)
                database.change(
                    u"UPDATE outbox SET tried = 1 WHERE id = ? AND tried = 0"_s, qint64(number));
        },
        std::move(done)));
}

void StoredOutbox::remove(std::vector<quint64> numbers, Completion<void> done)
{
    m_store.submitWrite(job<void>(
        [numbers = std::move(numbers)](Database& database) {
            for (const quint64 number : numbers)
                database.change(u"DELETE FROM outbox WHERE id = ?"_s, qint64(number));
        },
        std::move(done)));
}

} // namespace gatehouse::store
