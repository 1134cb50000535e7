// SPDX-License-Identifier: Apache-2.0
// checkJson() against RFC 8259 read a second time, and the walkers against QJsonDocument.
// Input: any octets.
#include "common/core/strictjson.h"

#include "common/core/utf8.h"
#include "common/protocol/socketiopacket.h"
#include "tests/fuzz/target.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QStringDecoder>

namespace gatehouse::fuzz {

namespace {

/// The RFC's grammar as it is printed there: one function per rule, by recursion, on UTF-16. Shares
/// no line with the checker.
class Grammar
{
public:
    explicit Grammar(const QString& text) : m_text(text) { }

    bool isJson()
    {
        value(0);
        return !m_failed && m_at == m_text.size();
    }
    int depth() const { return m_depth; }
    bool hasLoneSurrogate() const { return m_loneSurrogate; }
    bool hasDuplicateName() const { return m_duplicateName; }

private:
    static constexpr int MaxRecursion = 500;

    void value(int depth)
    {
        space();
        if (m_failed || depth > MaxRecursion) {
            m_failed = true;
        } else if (take(u'{')) {
            list(depth + 1, u'}', Members::Named);
        } else if (take(u'[')) {
            list(depth + 1, u']', Members::Bare);
        } else if (at(u'"')) {
            string();
        } else if (!take(u"true") && !take(u"false") && !take(u"null")) {
            number();
        }
        space();
    }

    enum class Members : quint8 { Named, Bare };
    void list(int depth, QChar end, Members members)
    {
        m_depth = qMax(m_depth, depth);
        QSet<QString> names;
        space();
        if (take(end))
            return;
        do {
            if (members == Members::Named) {
                space();
                const QString name = string();
                m_duplicateName = m_duplicateName || names.contains(name);
                names.insert(name);
                space();
                expect(take(u':'));
            }
            value(depth);
        } while (!m_failed && take(u','));
        expect(take(end));
    }

    QString string()
    {
        QString meaning;
        expect(take(u'"'));
        while (!m_failed && !take(u'"')) {
            if (m_at == m_text.size() || m_text[m_at] < u' ')
                m_failed = true;
            else if (take(u'\\'))
                meaning += escaped();
            else
                meaning += m_text[m_at++];
        }
        for (qsizetype i = 0; i < meaning.size(); ++i) {
            if (meaning[i].isHighSurrogate() && i + 1 < meaning.size()
                && meaning[i + 1].isLowSurrogate())
                ++i;
            else if (meaning[i].isSurrogate())
                m_loneSurrogate = true;
        }
        return meaning;
    }

    QChar escaped()
    {
        static const QString letters = QStringLiteral("\"\\/bfnrt");
        static const QString meanings = QStringLiteral("\"\\/\b\f\n\r\t");
        const QChar letter = m_at < m_text.size() ? m_text[m_at++] : QChar();
        if (letter == u'u') {
            uint code = 0;
            for (int i = 0; i < 4; ++i) {
                const QString digit = m_text.mid(m_at++, 1);
                bool ok = false;
                code = code * 16 + digit.toUInt(&ok, 16);
                expect(ok && !digit.isEmpty() && digit[0].unicode() < 0x80);
            }
            return QChar(code & 0xFFFFU);
        }
        const qsizetype known = letter.isNull() ? -1 : letters.indexOf(letter);
        expect(known >= 0);
        return known < 0 ? QChar() : meanings[known];
    }

    void number()
    {
        take(u'-');
        if (!take(u'0'))
            expect(digits() > 0);
        if (take(u'.'))
            expect(digits() > 0);
        if (take(u'e') || take(u'E')) {
            if (!take(u'+'))
                take(u'-');
            expect(digits() > 0);
        }
    }

    int digits()
    {
        int count = 0;
        for (; m_at < m_text.size() && m_text[m_at] >= u'0' && m_text[m_at] <= u'9'; ++m_at)
            ++count;
        return count;
    }

    void space()
    {
        while (take(u' ') || take(u'\t') || take(u'\n') || take(u'\r')) { }
    }

    bool at(QStringView what) const { return QStringView(m_text).mid(m_at).startsWith(what); }
    bool at(QChar what) const { return m_at < m_text.size() && m_text[m_at] == what; }
    bool take(QChar what)
    {
        if (!at(what))
            return false;
        ++m_at;
        return true;
    }
    bool take(QStringView what)
    {
        if (!at(what))
            return false;
        m_at += what.size();
        return true;
    }
    void expect(bool held) { m_failed = m_failed || !held; }

    const QString m_text;
    qsizetype m_at = 0;
    int m_depth = 0;
    bool m_failed = false;
    bool m_loneSurrogate = false;
    bool m_duplicateName = false;
};

/// UTF-8 to the letter; a byte order mark stays a character.
std::optional<QString> decoded(QByteArrayView octets)
{
    QStringDecoder decoder(QStringDecoder::Utf8,
        QStringDecoder::Flag::Stateless | QStringDecoder::Flag::ConvertInitialBom);
    const QString text = decoder(octets);
    return decoder.hasError() ? std::nullopt : std::optional<QString>(text);
}

/// What the walkers read is what QJsonDocument reads, wherever that keeps what was said.
void compare(QByteArrayView raw, const QJsonValue& value)
{
    switch (jsonKind(raw)) {
    case JsonKind::Null:
        require(value.isNull(), "null is null");
        break;
    case JsonKind::Boolean:
        require(value.isBool() && jsonBoolean(raw) == value.toBool(), "booleans agree");
        break;
    case JsonKind::Number:
        require(value.isDouble(), "numbers are numbers");
        if (const auto integer = jsonInteger(raw))
            require(value.toInteger(~*integer) == *integer, "integers agree");
        break;
    case JsonKind::String:
        require(value.isString(), "texts are texts");
        if (const auto text = jsonText(raw))
            require(*text == value.toString().toUtf8(), "texts agree");
        break;
    case JsonKind::Array: {
        const QJsonArray array = value.toArray();
        qsizetype count = 0;
        for (JsonArrayWalker walker(raw); walker.next(); ++count)
            compare(walker.value(), array.at(count));
        require(value.isArray() && count == array.size(), "arrays agree");
        require(!rawElement(raw, count), "no element behind the last");
        break;
    }
    case JsonKind::Object: {
        const QJsonObject object = value.toObject();
        require(value.isObject(), "objects are objects");
        for (auto member = object.begin(); member != object.end(); ++member) {
            const auto found = rawMember(raw, member.key().toUtf8());
            // A name with half a surrogate pair has no UTF-8 to ask for.
            require(found || QString::fromUtf8(member.key().toUtf8()) != member.key(),
                "a member is found by its name");
            if (found)
                compare(*found, member.value());
        }
        break;
    }
    }
}

/// The same value without the white space between its parts.
QByteArray compact(QByteArrayView raw)
{
    QByteArray text;
    if (jsonKind(raw) == JsonKind::Array) {
        for (JsonArrayWalker walker(raw); walker.next();)
            text += (text.isEmpty() ? "" : ",") + compact(walker.value());
        return '[' + text + ']';
    }
    if (jsonKind(raw) == JsonKind::Object) {
        for (JsonObjectWalker walker(raw); walker.next();)
            text += (text.isEmpty() ? "" : ",") + walker.rawName().toByteArray() + ':'
                + compact(walker.value());
        return '{' + text + '}';
    }
    return raw.toByteArray().trimmed();
}

void checkReaders(QByteArrayView text)
{
    const QByteArray wrapped = '[' + text.toByteArray() + ']';
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(wrapped, &error);
    if (document.isNull()) {
        // The one thing it refuses that is JSON: numbers beyond a double, and it is our duty only
        // to relay them.
        require(error.error == QJsonParseError::IllegalNumber, "QJsonDocument takes what we take");
    } else {
        require(document.array().size() == 1, "one text is one value");
        compare(text, document.array().at(0));
    }
    const QByteArray compacted = compact(text);
    require(checkJson(compacted, {.maxDepth = 128}).has_value(), "compact JSON is JSON");
    require(compact(compacted) == compacted, "compact JSON stays as it is");
    if (!document.isNull())
        require(QJsonDocument::fromJson('[' + compacted + ']') == document,
            "compacting keeps the meaning");
}

void checkAgainstGrammar(QByteArrayView octets)
{
    const std::optional<QString> text = decoded(octets);
    Grammar grammar(text.value_or(QString()));
    const bool isJson = text && grammar.isJson();
    for (const int maxDepth : {1, 64, 128}) {
        const auto checked = checkJson(octets, {.maxDepth = maxDepth});
        require(checked.has_value() == (isJson && grammar.depth() <= maxDepth),
            "the checker accepts exactly the grammar");
        if (!checked)
            require(checked.error().offset >= 0 && checked.error().offset <= octets.size(),
                "a fault lies inside the text");
    }
    const auto strict = checkJson(octets,
        {.maxDepth = 128,
            .duplicateNames = DuplicateNames::Refuse,
            .loneSurrogates = LoneSurrogates::Refuse});
    require(strict.has_value()
            == (isJson && grammar.depth() <= 128 && !grammar.hasLoneSurrogate()
                && !grammar.hasDuplicateName()),
        "duplicate names and half pairs are refused, and nothing else");
}

void checkText(QByteArrayView octets)
{
    require(isValidUtf8(octets) == decoded(octets).has_value(), "UTF-8 is what Qt takes for it");
    if (!isValidUtf8(octets))
        return;
    const QByteArray quoted = protocol::jsonString(octets);
    require(checkJson(quoted, {.loneSurrogates = LoneSurrogates::Refuse}).has_value(),
        "a quoted text is JSON");
    require(jsonText(quoted) == octets.toByteArray(), "a quoted text reads back");
}

/// Octet by octet and in pieces, the validator says the same as at once.
void checkPieces(QByteArrayView octets)
{
    PieceSizes sizes(static_cast<uchar>(octets.size()));
    Utf8Validator validator;
    bool holds = true;
    for (qsizetype at = 0; at < octets.size();) {
        const qsizetype size = qMin(sizes.next(), octets.size() - at);
        holds = validator.feed(octets.sliced(at, size)) && holds;
        at += size;
    }
    require((holds && validator.isComplete()) == isValidUtf8(octets), "pieces make no difference");
}

} // namespace

void checkInput(QByteArrayView input)
{
    checkAgainstGrammar(input);
    checkText(input);
    checkPieces(input);
    if (checkJson(input, {.maxDepth = 128}))
        checkReaders(input);
}

} // namespace gatehouse::fuzz
