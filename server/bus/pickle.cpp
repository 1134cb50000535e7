// SPDX-License-Identifier: Apache-2.0
#include "server/bus/pickle.h"

#include "common/core/utf8.h"
#include "common/protocol/socketiopacket.h"

#include <QHash>
#include <QtEndian>

#include <cmath>

namespace gatehouse::bus {

namespace {

tl::unexpected<Error> malformed(const char* why)
{
    return failure(ErrorCode::Malformed, QStringLiteral("pickle: ") + QLatin1StringView(why));
}

tl::unexpected<Error> tooLarge(const char* why)
{
    return failure(ErrorCode::TooLarge, QStringLiteral("pickle: ") + QLatin1StringView(why));
}

// The opcodes that make data. Every other one is refused.
enum Opcode : uchar {
    Mark = '(',
    Stop = '.',
    BinInt = 'J',
    BinInt1 = 'K',
    BinInt2 = 'M',
    None = 'N',
    BinFloat = 'G',
    BinUnicode = 'X',
    Append = 'a',
    Appends = 'e',
    EmptyList = ']',
    EmptyTuple = ')',
    EmptyDict = '}',
    BinGet = 'h',
    LongBinGet = 'j',
    BinPut = 'q',
    LongBinPut = 'r',
    SetItem = 's',
    SetItems = 'u',
    Tuple = 't',
    BinBytes = 'B',
    ShortBinBytes = 'C',
    Proto = 0x80,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8a,
    ShortBinUnicode = 0x8c,
    BinUnicode8 = 0x8d,
    BinBytes8 = 0x8e,
    Memoize = 0x94,
    Frame = 0x95,
    ByteArray8 = 0x96,
};

constexpr int mark = -1; // on the stack of values

} // namespace

/// The stack machine of the format, with the opcodes that make data.
class Pickle::Machine
{
public:
    Machine(Pickle& pickle, QByteArrayView octets) : m_pickle(pickle), m_rest(octets) { }

    Result<void> run()
    {
        while (true) {
            const auto opcode = take(1);
            if (!opcode)
                return tl::unexpected(opcode.error());
            const auto code = uchar(opcode->front());
            if (code == Stop)
                return finish();
            if (const auto done = step(code); !done)
                return done;
        }
    }

private:
    Result<void> finish()
    {
        if (m_stack.size() != 1 || m_stack.back() == mark)
            return malformed("does not end with one value");
        if (!m_rest.isEmpty())
            return malformed("goes on behind its end");
        m_pickle.m_root = m_stack.back();
        return {};
    }

    Result<QByteArrayView> take(quint64 size)
    {
        if (size > quint64(m_rest.size()))
            return malformed("ends in the middle");
        const QByteArrayView taken = m_rest.first(qsizetype(size));
        m_rest = m_rest.sliced(qsizetype(size));
        return taken;
    }

    /// A little-endian number without a sign.
    Result<quint64> number(int octets)
    {
        const auto taken = take(quint64(octets));
        if (!taken)
            return tl::unexpected(taken.error());
        quint64 value = 0;
        for (int i = octets - 1; i >= 0; --i)
            value = value << 8 | uchar((*taken)[i]);
        return value;
    }

    Result<void> push(PickleValue value)
    {
        if (qsizetype(m_pickle.m_values.size()) >= m_pickle.m_limits.maxValues)
            return tooLarge("too many values");
        m_pickle.m_values.push_back(std::move(value));
        m_stack.push_back(int(m_pickle.m_values.size()) - 1);
        return {};
    }

    Result<void> pushKind(PickleValue::Kind kind)
    {
        PickleValue value;
        value.kind = kind;
        return push(std::move(value));
    }

    Result<void> pushInteger(qint64 integer)
    {
        PickleValue value;
        value.kind = PickleValue::Kind::Integer;
        value.integer = integer;
        return push(std::move(value));
    }

    Result<void> pushBoolean(bool boolean)
    {
        PickleValue value;
        value.kind = PickleValue::Kind::Boolean;
        value.boolean = boolean;
        return push(std::move(value));
    }

    Result<void> pushOctets(PickleValue::Kind kind, int sizeOctets)
    {
        const auto size = number(sizeOctets);
        if (!size)
            return tl::unexpected(size.error());
        const auto octets = take(*size);
        if (!octets)
            return tl::unexpected(octets.error());
        if (kind == PickleValue::Kind::Text && !isValidUtf8(*octets))
            return malformed("text that is not UTF-8");
        PickleValue value;
        value.kind = kind;
        value.octets = *octets;
        return push(std::move(value));
    }

    Result<void> pushLong()
    {
        const auto size = number(1);
        if (!size)
            return tl::unexpected(size.error());
        if (*size > 8)
            return malformed("a number of more than 64 bits");
        const auto octets = take(*size);
        if (!octets)
            return tl::unexpected(octets.error());
        quint64 value = !octets->isEmpty() && uchar(octets->back()) >= 0x80 ? ~quint64(0) : 0;
        for (qsizetype i = octets->size() - 1; i >= 0; --i)
            value = value << 8 | uchar((*octets)[i]);
        return pushInteger(qint64(value));
    }

    Result<void> pushFloat()
    {
        const auto octets = take(8);
        if (!octets)
            return tl::unexpected(octets.error());
        PickleValue value;
        value.kind = PickleValue::Kind::Float;
        value.number = qFromBigEndian<double>(octets->data());
        return push(std::move(value));
    }

    /// What lies above the latest mark, which goes too.
    Result<std::vector<int>> takeToMark()
    {
        for (size_t i = m_stack.size(); i > 0; --i) {
            if (m_stack[i - 1] != mark)
                continue;
            const auto from = m_stack.begin() + qsizetype(i);
            std::vector<int> taken(from, m_stack.end());
            m_stack.resize(i - 1);
            return taken;
        }
        return malformed("no mark");
    }

    Result<std::vector<int>> takeTop(size_t count)
    {
        if (m_stack.size() < count)
            return malformed("too little on the stack");
        const auto from = m_stack.end() - qsizetype(count);
        std::vector<int> taken(from, m_stack.end());
        for (const int one : taken) {
            if (one == mark)
                return malformed("a mark in the way");
        }
        m_stack.erase(from, m_stack.end());
        return taken;
    }

    Result<void> pushTuple(Result<std::vector<int>> items)
    {
        if (!items)
            return tl::unexpected(items.error());
        PickleValue value;
        value.kind = PickleValue::Kind::Tuple;
        value.items = *std::move(items);
        return push(std::move(value));
    }

    Result<void> extend(PickleValue::Kind kind, Result<std::vector<int>> items)
    {
        if (!items)
            return tl::unexpected(items.error());
        if (m_stack.empty() || m_stack.back() == mark
            || m_pickle.m_values[size_t(m_stack.back())].kind != kind)
            return malformed("nothing to add to");
        if (kind == PickleValue::Kind::Dict && items->size() % 2 != 0)
            return malformed("a key without a value");
        // Each item was pushed by an opcode of its own, so this too has a bound.
        auto& into = m_pickle.m_values[size_t(m_stack.back())].items;
        into.insert(into.end(), items->begin(), items->end());
        return {};
    }

    Result<void> put(Result<quint64> key)
    {
        if (!key)
            return tl::unexpected(key.error());
        if (m_stack.empty() || m_stack.back() == mark)
            return malformed("nothing to remember");
        if (m_memo.size() >= m_pickle.m_limits.maxValues)
            return tooLarge("remembers too much");
        m_memo.insert(*key, m_stack.back());
        return {};
    }

    Result<void> get(Result<quint64> key)
    {
        if (!key)
            return tl::unexpected(key.error());
        const auto at = m_memo.constFind(*key);
        if (at == m_memo.constEnd())
            return malformed("refers to what is not remembered");
        if (++m_gets > m_pickle.m_limits.maxValues)
            return tooLarge("too many references");
        m_stack.push_back(*at);
        return {};
    }

    Result<void> step(uchar code)
    {
        using Kind = PickleValue::Kind;
        switch (code) {
        case Proto: {
            const auto version = number(1);
            if (!version)
                return tl::unexpected(version.error());
            return *version >= 2 && *version <= 5 ? Result<void>() : malformed("unknown protocol");
        }
        case Frame: {
            const auto size = number(8);
            return size ? Result<void>() : tl::unexpected(size.error());
        }
        case Mark:
            if (++m_marks > m_pickle.m_limits.maxValues)
                return tooLarge("too many marks");
            m_stack.push_back(mark);
            return {};
        case None:
            return pushKind(Kind::None);
        case NewTrue:
            return pushBoolean(true);
        case NewFalse:
            return pushBoolean(false);
        case BinInt: {
            const auto value = number(4);
            return value ? pushInteger(qint32(quint32(*value))) : tl::unexpected(value.error());
        }
        case BinInt1:
        case BinInt2: {
            const auto value = number(code == BinInt1 ? 1 : 2);
            return value ? pushInteger(qint64(*value)) : tl::unexpected(value.error());
        }
        case Long1:
            return pushLong();
        case BinFloat:
            return pushFloat();
        case ShortBinUnicode:
            return pushOctets(Kind::Text, 1);
        case BinUnicode:
            return pushOctets(Kind::Text, 4);
        case BinUnicode8:
            return pushOctets(Kind::Text, 8);
        case ShortBinBytes:
            return pushOctets(Kind::Bytes, 1);
        case BinBytes:
            return pushOctets(Kind::Bytes, 4);
        case BinBytes8:
        case ByteArray8:
            return pushOctets(Kind::Bytes, 8);
        case EmptyList:
            return pushKind(Kind::List);
        case EmptyDict:
            return pushKind(Kind::Dict);
        case EmptyTuple:
            return pushKind(Kind::Tuple);
        case Tuple1:
            return pushTuple(takeTop(1));
        case Tuple2:
            return pushTuple(takeTop(2));
        case Tuple3:
            return pushTuple(takeTop(3));
        case Tuple:
            return pushTuple(takeToMark());
        case Append:
            return extend(Kind::List, takeTop(1));
        case Appends:
            return extend(Kind::List, takeToMark());
        case SetItem:
            return extend(Kind::Dict, takeTop(2));
        case SetItems:
            return extend(Kind::Dict, takeToMark());
        case Memoize:
            return put(quint64(m_memo.size()));
        case BinPut:
            return put(number(1));
        case LongBinPut:
            return put(number(4));
        case BinGet:
            return get(number(1));
        case LongBinGet:
            return get(number(4));
        default:
            return malformed("holds more than data");
        }
    }

    Pickle& m_pickle;
    QByteArrayView m_rest;
    std::vector<int> m_stack; ///< indexes of values, and marks
    QHash<quint64, int> m_memo;
    int m_gets = 0;
    int m_marks = 0;
};

Result<Pickle> Pickle::read(QByteArrayView octets, const PickleLimits& limits)
{
    Pickle pickle;
    pickle.m_limits = limits;
    if (const auto done = Machine(pickle, octets).run(); !done)
        return tl::unexpected(done.error());
    return pickle;
}

const PickleValue* Pickle::member(const PickleValue& dict, QByteArrayView key) const
{
    if (dict.kind != PickleValue::Kind::Dict)
        return nullptr;
    const PickleValue* found = nullptr; // the last one of a name is the one Python keeps
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        const PickleValue& name = at(dict.items[i]);
        if (name.kind == PickleValue::Kind::Text && name.octets == key)
            found = &at(dict.items[i + 1]);
    }
    return found;
}

Result<void> Pickle::toJson(const PickleValue& value, QByteArray& json,
    QList<QByteArray>& attachments, int maxAttachments) const
{
    return append(value, json, attachments, maxAttachments, m_limits.maxDepth);
}

Result<void> Pickle::append(const PickleValue& value, QByteArray& json,
    QList<QByteArray>& attachments, int maxAttachments, int depth) const
{
    if (json.size() > m_limits.maxJsonBytes)
        return tooLarge("more than an event may hold");
    switch (value.kind) {
    case PickleValue::Kind::None:
        json += "null";
        return {};
    case PickleValue::Kind::Boolean:
        json += value.boolean ? "true" : "false";
        return {};
    case PickleValue::Kind::Integer:
        json += QByteArray::number(value.integer);
        return {};
    case PickleValue::Kind::Float: {
        if (!std::isfinite(value.number))
            return malformed("a number JSON does not have");
        const QByteArray digits = QByteArray::number(value.number, 'g', 17);
        json += digits;
        if (digits.indexOf('.') < 0 && digits.indexOf('e') < 0)
            json += ".0"; // stays a float
        return {};
    }
    case PickleValue::Kind::Text:
        json += protocol::jsonString(value.octets);
        return {};
    case PickleValue::Kind::Bytes:
        if (attachments.size() >= maxAttachments || value.octets.size() > m_limits.maxJsonBytes)
            return tooLarge("more attachments than an event may hold");
        json += "{\"_placeholder\":true,\"num\":" + QByteArray::number(attachments.size()) + '}';
        attachments.append(value.octets.toByteArray());
        return {};
    case PickleValue::Kind::List:
    case PickleValue::Kind::Tuple:
    case PickleValue::Kind::Dict:
        break;
    }
    if (depth <= 0)
        return malformed("nested too deeply, or in a circle");
    const bool isDict = value.kind == PickleValue::Kind::Dict;
    json += isDict ? '{' : '[';
    for (size_t i = 0; i < value.items.size(); ++i) {
        const bool isName = isDict && i % 2 == 0;
        if (i > 0)
            json += isDict && !isName ? ':' : ',';
        const PickleValue& item = at(value.items[i]);
        if (isName && item.kind != PickleValue::Kind::Text)
            return malformed("a key that is not text");
        if (const auto done = append(item, json, attachments, maxAttachments, depth - 1); !done)
            return done;
    }
    json += isDict ? '}' : ']';
    return {};
}

} // namespace gatehouse::bus
