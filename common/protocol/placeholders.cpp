// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/placeholders.h"

#include "common/core/strictjson.h"

#include <QVarLengthArray>

namespace gatehouse::protocol {

namespace {

/// What we want to know of the object or array being read.
struct Open
{
    enum class Member : quint8 { Other, Mark, Number };

    bool isObject = false;
    bool isNameNext = false;
    bool isMarked = false; ///< "_placeholder":true, the last one of that name
    bool isNumberValid = false; ///< "num" names an attachment
    Member member = Member::Other; ///< whose value comes next
};

/// One pass with a stack of what is open; reading each object with a walker of its own would read
/// nested text once per level.
class PlaceholderCheck
{
public:
    PlaceholderCheck(QByteArrayView text, qsizetype attachmentCount)
        : m_text(text), m_attachmentCount(attachmentCount)
    {
    }

    bool run()
    {
        while (m_at < m_text.size()) {
            if (!step(m_text[m_at]))
                return false;
        }
        return true;
    }

private:
    bool step(char c)
    {
        switch (c) {
        case '{':
        case '[':
            takeValue({});
            m_open.append(Open{c == '{', c == '{'});
            break;
        case '}':
        case ']':
            return close();
        case ',':
            if (!m_open.isEmpty())
                m_open.back().isNameNext = m_open.back().isObject;
            break;
        case '"':
            takeString();
            return true;
        case ':':
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            break;
        default:
            takeScalar();
            return true;
        }
        ++m_at;
        return true;
    }

    bool close()
    {
        ++m_at;
        if (m_open.isEmpty())
            return false;
        const Open closed = m_open.back();
        m_open.removeLast();
        return !closed.isMarked || closed.isNumberValid;
    }

    void takeString()
    {
        const qsizetype start = m_at++;
        while (m_at < m_text.size() && m_text[m_at] != '"')
            m_at += m_text[m_at] == '\\' ? 2 : 1;
        m_at = qMin(m_at + 1, m_text.size());
        const QByteArrayView string = m_text.sliced(start, m_at - start);
        if (!m_open.isEmpty() && m_open.back().isNameNext)
            takeName(string);
        else
            takeValue(string);
    }

    void takeScalar()
    {
        const qsizetype start = m_at;
        while (m_at < m_text.size() && !QByteArrayView(",]} \t\n\r").contains(m_text[m_at]))
            ++m_at;
        takeValue(m_text.sliced(start, m_at - start));
    }

    void takeName(QByteArrayView quoted)
    {
        Open& object = m_open.back();
        object.isNameNext = false;
        if (means(quoted, "\"_placeholder\""))
            object.member = Open::Member::Mark;
        else if (means(quoted, "\"num\""))
            object.member = Open::Member::Number;
        else
            object.member = Open::Member::Other;
    }

    static bool means(QByteArrayView quoted, QByteArrayView quotedName)
    {
        if (!quoted.contains('\\'))
            return quoted == quotedName;
        return jsonText(quoted) == jsonText(quotedName);
    }

    /// A member's value; empty for an object or array.
    void takeValue(QByteArrayView value)
    {
        if (m_open.isEmpty())
            return;
        Open& object = m_open.back();
        if (object.member == Open::Member::Mark)
            object.isMarked = value == "true";
        else if (object.member == Open::Member::Number)
            object.isNumberValid = namesAttachment(value);
        object.member = Open::Member::Other;
    }

    bool namesAttachment(QByteArrayView value) const
    {
        const auto number = jsonInteger(value);
        return number && *number >= 0 && *number < m_attachmentCount;
    }

    QByteArrayView m_text;
    qsizetype m_attachmentCount;
    qsizetype m_at = 0;
    QVarLengthArray<Open, 64> m_open;
};

} // namespace

bool arePlaceholdersValid(QByteArrayView checkedJson, qsizetype attachmentCount)
{
    return PlaceholderCheck(checkedJson, attachmentCount).run();
}

} // namespace gatehouse::protocol
