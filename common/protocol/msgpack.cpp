// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/msgpack.h"

#include "common/protocol/socketiopacket.h"

#include <QDateTime>
#include <QLocale>
#include <QVarLengthArray>
#include <QtEndian>

#include <bit>
#include <cmath>

namespace gatehouse::protocol {

namespace {

tl::unexpected<Error> malformed(const char* detail)
{
    return failure(ErrorCode::Malformed, QLatin1StringView(detail));
}

void appendDouble(QByteArray& json, double number)
{
    if (!std::isfinite(number)) {
        json += "null"; // as JSON.stringify does
        return;
    }
    const QByteArray text = QByteArray::number(number, 'g', QLocale::FloatingPointShortest);
    json += text;
    if (!text.contains('.') && !text.contains('e'))
        json += ".0";
}

Result<void> addAttachment(
    QByteArrayView octets, QByteArray& json, QList<QByteArray>& attachments, int maxAttachments)
{
    if (attachments.size() >= maxAttachments)
        return failure(ErrorCode::TooLarge, QStringLiteral("too many attachments"));
    json += "{\"_placeholder\":true,\"num\":";
    json += QByteArray::number(attachments.size());
    json += '}';
    attachments.append(octets.toByteArray());
    return {};
}

bool isFixedText(uchar first)
{
    return (first & 0xE0) == 0xA0;
}

bool isText(uchar first)
{
    return isFixedText(first) || (first >= 0xD9 && first <= 0xDB);
}

} // namespace

Result<QByteArrayView> MsgpackReader::take(quint64 size)
{
    if (size > quint64(m_rest.size()))
        return malformed("MessagePack value is cut off");
    const QByteArrayView taken = m_rest.first(qsizetype(size));
    m_rest = m_rest.sliced(qsizetype(size));
    return taken;
}

Result<quint64> MsgpackReader::number(int octets)
{
    const auto raw = take(quint64(octets));
    if (!raw)
        return tl::unexpected<Error>(raw.error());
    quint64 number = 0;
    for (const char octet : *raw)
        number = number << 8 | uchar(octet);
    return number;
}

Result<QByteArrayView> MsgpackReader::textAfter(uchar head)
{
    quint64 size = head & 0x1F;
    if (!isFixedText(head)) {
        const auto length = number(1 << (head - 0xD9));
        if (!length)
            return tl::unexpected<Error>(length.error());
        size = *length;
    }
    const auto text = take(size);
    if (text && !text->isValidUtf8())
        return malformed("MessagePack text is not UTF-8");
    return text;
}

Result<quint32> MsgpackReader::mapSize()
{
    const auto head = number(1);
    if (!head)
        return tl::unexpected<Error>(head.error());
    if ((*head & 0xF0) == 0x80)
        return quint32(*head & 0x0F);
    if (*head != 0xDE && *head != 0xDF)
        return malformed("not a MessagePack map");
    const auto size = number(*head == 0xDE ? 2 : 4);
    if (!size)
        return tl::unexpected<Error>(size.error());
    return quint32(*size);
}

Result<QByteArray> MsgpackReader::text()
{
    const auto head = number(1);
    if (!head)
        return tl::unexpected<Error>(head.error());
    if (!isText(uchar(*head)))
        return malformed("not a MessagePack text");
    const auto text = textAfter(uchar(*head));
    if (!text)
        return tl::unexpected<Error>(text.error());
    return text->toByteArray();
}

Result<qint64> MsgpackReader::integer()
{
    const auto head = number(1);
    if (!head)
        return tl::unexpected<Error>(head.error());
    const auto first = uchar(*head);
    if (first < 0x80 || first >= 0xE0)
        return qint64(qint8(first));
    if (first < 0xCC || first > 0xD3)
        return malformed("not a MessagePack integer");
    const bool isSigned = first >= 0xD0;
    const int octets = 1 << (first - (isSigned ? 0xD0 : 0xCC));
    const auto raw = number(octets);
    if (!raw)
        return tl::unexpected<Error>(raw.error());
    if (!isSigned)
        return *raw >> 63 ? Result<qint64>(malformed("integer too large")) : qint64(*raw);
    const int unused = 64 - 8 * octets;
    return qint64(*raw << unused) >> unused;
}

bool MsgpackReader::takeUndefined()
{
    if (!m_rest.startsWith(QByteArrayView("\xD4\0\0", 3)))
        return false;
    m_rest = m_rest.sliced(3);
    return true;
}

Result<void> MsgpackReader::extension(
    uchar first, QByteArray& json, QList<QByteArray>& attachments, int maxAttachments)
{
    const bool isFixed = first >= 0xD4;
    quint64 size = isFixed ? quint64{1} << (first - 0xD4) : 0;
    if (!isFixed) {
        const auto length = number(1 << (first - 0xC7));
        if (!length)
            return tl::unexpected<Error>(length.error());
        size = *length;
    }
    const auto type = number(1);
    const auto data = type ? take(size) : Result<QByteArrayView>(tl::unexpected(type.error()));
    if (!data)
        return tl::unexpected<Error>(data.error());
    if (*type != 0)
        return malformed("unknown MessagePack extension");
    if (!isFixed)
        return addAttachment(*data, json, attachments, maxAttachments);
    if (size == 1) {
        json += "null";
        return {};
    }
    if (size != 8)
        return malformed("unknown MessagePack extension");
    const qint64 millis = qFromBigEndian<qint64>(data->data());
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(millis, Qt::UTC);
    constexpr qint64 largestDate = 8'640'000'000'000'000; // ECMAScript's
    if (millis > largestDate || millis < -largestDate || !time.isValid())
        json += "null";
    else
        json += jsonString(time.toString(Qt::ISODateWithMs).toUtf8());
    return {};
}

Result<MsgpackReader::Opened> MsgpackReader::head(
    uchar first, QByteArray& json, QList<QByteArray>& attachments, int maxAttachments, Open& opened)
{
    const auto failed = [](const Error& error) { return tl::unexpected<Error>(error); };
    if (first < 0x80 || first >= 0xE0) {
        json += QByteArray::number(int(qint8(first)));
    } else if (first < 0xA0) {
        opened = {quint32(first & 0x0F), first < 0x90};
        return Opened::Container;
    } else if (isText(first)) {
        const auto text = textAfter(first);
        if (!text)
            return failed(text.error());
        json += jsonString(*text);
    } else if (first == 0xC0) {
        json += "null";
    } else if (first == 0xC2 || first == 0xC3) {
        json += first == 0xC3 ? "true" : "false";
    } else if (first >= 0xC4 && first <= 0xC6) {
        const auto size = number(1 << (first - 0xC4));
        const auto data = size ? take(*size) : Result<QByteArrayView>(failed(size.error()));
        if (!data)
            return failed(data.error());
        if (const auto added = addAttachment(*data, json, attachments, maxAttachments); !added)
            return failed(added.error());
    } else if ((first >= 0xC7 && first <= 0xC9) || (first >= 0xD4 && first <= 0xD8)) {
        if (const auto read = extension(first, json, attachments, maxAttachments); !read)
            return failed(read.error());
    } else if (first == 0xCA || first == 0xCB) {
        const auto raw = number(first == 0xCA ? 4 : 8);
        if (!raw)
            return failed(raw.error());
        appendDouble(json,
            first == 0xCA ? double(std::bit_cast<float>(quint32(*raw)))
                          : std::bit_cast<double>(*raw));
    } else if (first >= 0xCC && first <= 0xCF) {
        const auto raw = number(1 << (first - 0xCC));
        if (!raw)
            return failed(raw.error());
        json += QByteArray::number(*raw);
    } else if (first >= 0xD0 && first <= 0xD3) {
        const int octets = 1 << (first - 0xD0);
        const auto raw = number(octets);
        if (!raw)
            return failed(raw.error());
        const int unused = 64 - 8 * octets;
        json += QByteArray::number(qint64(*raw << unused) >> unused);
    } else if (first >= 0xDC && first <= 0xDF) {
        const auto size = number(first % 2 == 0 ? 2 : 4);
        if (!size)
            return failed(size.error());
        opened = {quint32(*size), first >= 0xDE};
        return Opened::Container;
    } else {
        return malformed("not MessagePack");
    }
    return Opened::Nothing;
}

Result<void> MsgpackReader::value(
    QByteArray& json, QList<QByteArray>& attachments, int maxAttachments)
{
    struct Level
    {
        quint64 left = 0; ///< values still to come, names included
        bool isMap = false;
        bool isFirst = true;
    };
    QVarLengthArray<Level, 64> levels;
    for (;;) {
        bool isName = false;
        if (!levels.isEmpty()) {
            Level& level = levels.back();
            if (level.left == 0) {
                json += level.isMap ? '}' : ']';
                levels.removeLast();
                if (levels.isEmpty())
                    return {};
                continue;
            }
            isName = level.isMap && level.left % 2 == 0;
            if (level.isMap && !isName)
                json += ':';
            else if (!std::exchange(level.isFirst, false))
                json += ',';
            --level.left;
        }
        const auto first = number(1);
        if (!first)
            return tl::unexpected<Error>(first.error());
        if (isName && !isText(uchar(*first)))
            return malformed("MessagePack map with a name that is not text");
        Open opened;
        const auto result = head(uchar(*first), json, attachments, maxAttachments, opened);
        if (!result)
            return tl::unexpected<Error>(result.error());
        if (*result == Opened::Container) {
            if (levels.size() >= m_maxDepth)
                return malformed("MessagePack nested too deep");
            json += opened.isMap ? '{' : '[';
            levels.append({opened.isMap ? 2 * quint64(opened.left) : opened.left, opened.isMap});
        } else if (levels.isEmpty()) {
            return {};
        }
    }
}

} // namespace gatehouse::protocol
