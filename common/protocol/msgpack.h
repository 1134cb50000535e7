// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

/// MessagePack values <-> JSON text, for clients that use socket.io-msgpack-parser. Straight from
/// the one text to the other: no document in between, no recursion, no memory by announced lengths.
/// Of the extension types those of notepack.io: binary, dates (become ISO 8601 text) and undefined
/// (becomes null).
namespace gatehouse::protocol {

/// Reads values one after the other. After a failure the reader is of no more use.
class MsgpackReader
{
public:
    MsgpackReader(QByteArrayView octets, int maxDepth) : m_rest(octets), m_maxDepth(maxDepth) { }

    bool isAtEnd() const { return m_rest.isEmpty(); }

    /// The number of members of the map that comes next.
    Result<quint32> mapSize();
    /// The text that comes next, UTF-8 checked.
    Result<QByteArray> text();
    /// The whole number that comes next.
    Result<qint64> integer();
    /// Whether the next value is notepack.io's undefined, which is then read over.
    bool takeUndefined();

    /// Appends the next value as JSON. Binary goes to `attachments`, with a placeholder in its
    /// stead; more than `maxAttachments` of them are TooLarge. Whole numbers and floating point
    /// numbers stay what they are ("1" and "1.0"); NaN and infinities become null.
    Result<void> value(QByteArray& json, QList<QByteArray>& attachments, int maxAttachments);

private:
    struct Open
    {
        quint32 left = 0; ///< values, names included
        bool isMap = false;
    };
    enum class Opened : quint8 { Nothing, Container };

    Result<quint64> number(int octets);
    Result<QByteArrayView> take(quint64 size);
    Result<QByteArrayView> textAfter(uchar head);
    Result<Opened> head(uchar first, QByteArray& json, QList<QByteArray>& attachments,
        int maxAttachments, Open& opened);
    Result<void> extension(
        uchar first, QByteArray& json, QList<QByteArray>& attachments, int maxAttachments);

    QByteArrayView m_rest;
    int m_maxDepth;
};

/// Appends a map's head or a text.
void appendMsgpackMap(QByteArray& out, quint32 members);
void appendMsgpackText(QByteArray& out, QByteArrayView utf8);
void appendMsgpackInteger(QByteArray& out, qint64 number);

/// Appends checked JSON as MessagePack; placeholders become the attachment they name.
void appendMsgpackValue(
    QByteArray& out, QByteArrayView checkedJson, const QList<QByteArray>& attachments);

} // namespace gatehouse::protocol
