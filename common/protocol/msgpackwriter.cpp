// SPDX-License-Identifier: Apache-2.0
#include "common/core/strictjson.h"
#include "common/protocol/msgpack.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QVarLengthArray>
#include <QtEndian>

#include <algorithm>
#include <bit>

namespace gatehouse::protocol {

namespace {

template <class Number>
void appendBigEndian(QByteArray& out, uchar head, Number number)
{
    const Number raw = qToBigEndian(number);
    out += char(head);
    out.append(reinterpret_cast<const char*>(&raw), sizeof raw);
}

/// `fixed` and its largest size; -1 where there is no such head of one octet.
struct Heads
{
    int fixed;
    quint32 fixedMax;
    int octet; ///< -1: none
    int word;
};

void appendSize(QByteArray& out, const Heads& heads, quint32 size)
{
    if (heads.fixed >= 0 && size <= heads.fixedMax)
        out += char(uchar(heads.fixed) | uchar(size));
    else if (heads.octet >= 0 && size <= 0xFF)
        appendBigEndian(out, uchar(heads.octet), quint8(size));
    else if (size <= 0xFFFF)
        appendBigEndian(out, uchar(heads.word), quint16(size));
    else
        appendBigEndian(out, uchar(heads.word + 1), size);
}

constexpr Heads mapHeads{0x80, 15, -1, 0xDE};
constexpr Heads arrayHeads{0x90, 15, -1, 0xDC};
constexpr Heads textHeads{0xA0, 31, 0xD9, 0xDA};
constexpr Heads binaryHeads{-1, 0, 0xC4, 0xC5};

void appendJsonNumber(QByteArray& out, QByteArrayView literal)
{
    if (const auto integer = jsonInteger(literal)) {
        appendMsgpackInteger(out, *integer);
        return;
    }
    bool fits = false;
    const QByteArray text = literal.toByteArray();
    const quint64 large = text.toULongLong(&fits);
    if (fits)
        appendBigEndian(out, 0xCF, large);
    else
        appendBigEndian(out, 0xCB, std::bit_cast<quint64>(text.toDouble()));
}

void appendJsonString(QByteArray& out, QByteArrayView quoted)
{
    if (!quoted.contains('\\')) {
        appendMsgpackText(out, quoted.sliced(1, quoted.size() - 2));
        return;
    }
    if (const auto text = jsonText(quoted)) {
        appendMsgpackText(out, *text);
        return;
    }
    // Half a surrogate pair has no UTF-8; a replacement stands for it.
    const QByteArray list = '[' + quoted.toByteArray() + ']';
    appendMsgpackText(out, QJsonDocument::fromJson(list).array().first().toString().toUtf8());
}

/// The text up to the end of the string that starts at `at`.
qsizetype endOfString(QByteArrayView json, qsizetype at)
{
    for (++at; json[at] != '"'; ++at) {
        if (json[at] == '\\')
            ++at;
    }
    return at + 1;
}

qsizetype endOfScalar(QByteArrayView json, qsizetype at)
{
    while (at < json.size() && !QByteArrayView(",]}: \t\r\n").contains(json[at]))
        ++at;
    return at;
}

/// Sizes of all arrays and objects in the order of their opening brackets: MessagePack wants them
/// before the contents.
std::vector<quint32> containerSizes(QByteArrayView json)
{
    std::vector<quint32> sizes;
    QVarLengthArray<size_t, 64> open;
    const auto countValue = [&] {
        if (!open.isEmpty() && sizes[open.back()] == 0)
            sizes[open.back()] = 1;
    };
    for (qsizetype at = 0; at < json.size();) {
        switch (json[at]) {
        case '[':
        case '{':
            countValue();
            open.append(sizes.size());
            sizes.push_back(0);
            ++at;
            break;
        case ']':
        case '}':
            open.removeLast();
            ++at;
            break;
        case ',':
            ++sizes[open.back()];
            ++at;
            break;
        case '"':
            countValue();
            at = endOfString(json, at);
            break;
        case ':':
        case ' ':
        case '\t':
        case '\r':
        case '\n':
            ++at;
            break;
        default:
            countValue();
            at = endOfScalar(json, at);
        }
    }
    return sizes;
}

/// The attachment an object stands for, and where the object ends.
struct Placeholder
{
    qsizetype end = 0;
    qint64 number = 0;
};

std::optional<Placeholder> placeholderAt(
    QByteArrayView json, qsizetype at, qsizetype attachmentCount)
{
    if (attachmentCount == 0)
        return std::nullopt;
    const qsizetype end = json.indexOf('}', at) + 1;
    const QByteArrayView object = json.sliced(at, end - at);
    // Two names and nothing else in quotes: its first '}' is its end.
    if (object.contains('\\') || std::count(object.begin(), object.end(), '"') != 4
        || std::count(object.begin(), object.end(), '{') != 1 || object.contains('['))
        return std::nullopt;
    const auto mark = rawMember(object, "_placeholder");
    const auto number = rawMember(object, "num");
    const qint64 index = number ? jsonInteger(*number).value_or(-1) : -1;
    if (mark != QByteArrayView("true") || index < 0 || index >= attachmentCount)
        return std::nullopt;
    return Placeholder{end, index};
}

} // namespace

void appendMsgpackMap(QByteArray& out, quint32 members)
{
    appendSize(out, mapHeads, members);
}

void appendMsgpackText(QByteArray& out, QByteArrayView utf8)
{
    appendSize(out, textHeads, quint32(utf8.size()));
    out += utf8;
}

void appendMsgpackInteger(QByteArray& out, qint64 number)
{
    if (number >= -32 && number < 128)
        out += char(number);
    else if (number >= 0 && number <= 0xFF)
        appendBigEndian(out, 0xCC, quint8(number));
    else if (number >= 0 && number <= 0xFFFF)
        appendBigEndian(out, 0xCD, quint16(number));
    else if (number >= 0 && number <= 0xFFFF'FFFF)
        appendBigEndian(out, 0xCE, quint32(number));
    else if (number >= 0)
        appendBigEndian(out, 0xCF, quint64(number));
    else if (number >= -0x80)
        appendBigEndian(out, 0xD0, qint8(number));
    else if (number >= -0x8000)
        appendBigEndian(out, 0xD1, qint16(number));
    else if (number >= -0x8000'0000LL)
        appendBigEndian(out, 0xD2, qint32(number));
    else
        appendBigEndian(out, 0xD3, number);
}

void appendMsgpackValue(QByteArray& out, QByteArrayView json, const QList<QByteArray>& attachments)
{
    const std::vector<quint32> sizes = containerSizes(json);
    size_t container = 0;
    for (qsizetype at = 0; at < json.size();) {
        switch (json[at]) {
        case '{':
            if (const auto placeholder = placeholderAt(json, at, attachments.size())) {
                const QByteArray& attachment = attachments[placeholder->number];
                appendSize(out, binaryHeads, quint32(attachment.size()));
                out += attachment;
                ++container;
                at = placeholder->end;
                break;
            }
            appendSize(out, mapHeads, sizes[container++]);
            ++at;
            break;
        case '[':
            appendSize(out, arrayHeads, sizes[container++]);
            ++at;
            break;
        case '"': {
            const qsizetype end = endOfString(json, at);
            appendJsonString(out, json.sliced(at, end - at));
            at = end;
            break;
        }
        case 't':
        case 'f':
        case 'n':
            out += json[at] == 't' ? '\xC3' : json[at] == 'f' ? '\xC2' : '\xC0';
            at = endOfScalar(json, at);
            break;
        case '-':
        case '0':
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6':
        case '7':
        case '8':
        case '9': {
            const qsizetype end = endOfScalar(json, at);
            appendJsonNumber(out, json.sliced(at, end - at));
            at = end;
            break;
        }
        default:
            ++at; // white space, commas and colons
        }
    }
}

} // namespace gatehouse::protocol
