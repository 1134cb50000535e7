// SPDX-License-Identifier: Apache-2.0
#include "common/core/strictjson.h"

#include <QTest>

using namespace gatehouse;

class TestStrictJson : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepts_data();
    void accepts();
    void refuses_data();
    void refuses();
    void everyOctetIsJudgedAtEveryPlaceInAString();
    void everyProperPrefixOfATextIsRefused();
    void depthIsCountedInBrackets();
    void hostileDepthIsRefusedAtTheLimit();
    void duplicateNamesAreRefusedOnRequest_data();
    void duplicateNamesAreRefusedOnRequest();
    void loneSurrogatesAreRefusedOnRequest_data();
    void loneSurrogatesAreRefusedOnRequest();
    void faultBecomesAnError();

    void kindOfAValue_data();
    void kindOfAValue();
    void arrayWalkerGivesRawSlices();
    void arrayWalkerOfEmptyArrayGivesNothing();
    void restOffsetPointsBehindTheComma();
    void objectWalkerGivesRawSlices();
    void rawMemberTakesTheLastOfAName();
    void rawMemberUnderstandsEscapedNames();
    void rawMemberOfAnythingElseIsNothing();
    void rawElementByIndex();
    void textOfAString_data();
    void textOfAString();
    void integerOfANumber_data();
    void integerOfANumber();
    void booleans();
    void walkersStayInsideUncheckedText();
};

namespace {

QByteArray nested(qsizetype depth)
{
    return QByteArray(depth, '[') + QByteArray(depth, ']');
}

} // namespace

void TestStrictJson::accepts_data()
{
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* name, const QByteArray& text) { QTest::newRow(name) << text; };
    row("number at the top", "1");
    row("string at the top", R"("text")");
    row("true at the top", "true");
    row("null at the top", "null");
    row("empty array", "[]");
    row("empty object", "{}");
    row("space around everything", " \t\r\n[ 1 , { \"a\" : 2 } ]\n ");
    row("nested empties", "[[],{},[{}]]");
    row("empty name", R"({"":0})");
    row("duplicate names", R"({"a":1,"a":2})");
    row("zero", "[0]");
    row("minus zero", "[-0]");
    row("fraction", "[-12.50]");
    row("exponents", "[1e5,1E+5,1e-05,0e0,0.1e1]");
    row("number over the range of a double", "[1e400]");
    row("integer over 64 bits", "[123456789012345678901234567890]");
    row("every short escape", R"(["\"\\\/\b\f\n\r\t"])");
    row("escaped NUL", R"(["\u0000"])");
    row("escaped pair", R"(["\uD83D\ude00"])");
    row("lone surrogate escape", R"(["\ud800"])");
    row("DEL", "[\"\x7F\"]");
    row("UTF-8 of every length", "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]");
    row("noncharacter", "[\"\xEF\xBF\xBF\"]");
    row("line separator U+2028", "[\"\xE2\x80\xA8\"]");
    row("string longer than a word", "[\"0123456789abcdefghijklmnop\"]");
    row("escape on a word's border", R"(["0123456\n89abcde\t"])");
}

void TestStrictJson::accepts()
{
    QFETCH(QByteArray, text);
    const auto checked = checkJson(text);
    if (!checked)
        QFAIL(qPrintable(checked.error().toError().detail));
}

void TestStrictJson::refuses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qsizetype>("offset");
    const auto row = [](const char* name, const QByteArray& text, qsizetype offset) {
        QTest::newRow(name) << text << offset;
    };
    // What QJsonDocument 6.4 lets pass.
    row("-2. without a digit behind the point", "[-2.]", 4);
    row(".5 without a digit before the point", "[.5]", 1);
    row("1. without a digit behind the point", "[1.]", 3);
    row("2.e3", "[2.e3]", 3);
    row("-.123", "[-.123]", 2);
    row("0.e1", "[0.e1]", 3);
    row("2.e-3", "[2.e-3]", 3);
    row("2.e+3", "[2.e+3]", 3);
    row("raw TAB in a string", "[\"a\tb\"]", 3);
    row("raw line feed in a string", "[\"a\nb\"]", 3);
    row("raw NUL in a string", QByteArray("[\"a\0b\"]", 7), 3);
    row("raw 0x1F in a string", "[\"\x1F\"]", 2);
    row("escape x", R"(["\x00"])", 2);
    row("escape a", R"(["\a"])", 2);
    row("escape of a digit", R"(["\0"])", 2);
    row("escape of an emoji", "[\"\\\xF0\x9F\x8C\x80\"]", 2);
    row("invalid UTF-8 behind a backslash", "[\"\\\xE5\"]", 2);
    row("escaped control character", "[\"\\\t\"]", 2);
    // Other breaks of the grammar.
    row("nothing", "", 0);
    row("space only", "  ", 2);
    row("BOM", "\xEF\xBB\xBF[]", 0);
    row("two values", "1 2", 2);
    row("text after an array", "[]x", 2);
    row("NUL after the value", QByteArray("1\0", 2), 1);
    row("form feed as space", "[\f]", 1);
    row("no-break space as space", "[\xC2\xA0]", 1);
    row("open array", "[1", 2);
    row("open object", R"({"a":1)", 6);
    row("comma at the end of an array", "[1,]", 3);
    row("comma at the start of an array", "[,1]", 1);
    row("two commas", "[1,,2]", 3);
    row("missing comma", "[1 2]", 3);
    row("comma at the end of an object", R"({"a":1,})", 7);
    row("brackets that do not match", "[1}", 2);
    row("brace closed by a bracket", R"({"a":1])", 6);
    row("closing bracket alone", "]", 0);
    row("name without quotes", "{a:1}", 1);
    row("name in single quotes", "{'a':1}", 1);
    row("number as a name", "{1:1}", 1);
    row("colon missing", R"({"a" 1})", 5);
    row("comma for a colon", R"({"a",1})", 4);
    row("value missing", R"({"a":})", 5);
    row("object cut after its colon", R"({"a":)", 5);
    row("colon in an array", R"(["a":1])", 4);
    row("leading zero", "[01]", 2);
    row("leading zero after minus", "[-01]", 3);
    row("plus", "[+1]", 1);
    row("minus alone", "[-]", 2);
    row("two minuses", "[--1]", 2);
    row("exponent without digits", "[1e]", 3);
    row("exponent with a sign only", "[1e+]", 4);
    row("hexadecimal", "[0x1]", 2);
    row("NaN", "[NaN]", 1);
    row("Infinity", "[-Infinity]", 2);
    row("True", "[True]", 1);
    row("nul", "[nul]", 1);
    row("trueish", "[truex]", 5);
    row("string without end", "[\"abc", 5);
    row("string ending in a backslash", "[\"abc\\", 5);
    row("short unicode escape", R"(["\u12"])", 2);
    row("unicode escape at the end", R"(["\u12)", 2);
    row("unicode escape with a letter outside", R"(["\u12g4"])", 2);
    row("unicode escape with a sign", R"(["\u+123"])", 2);
    row("upper-case U escape", R"(["\U0041"])", 2);
    row("overlong UTF-8", "[\"\xC0\xAF\"]", 2);
    row("surrogate in UTF-8", "[\"\xED\xA0\x80\"]", 2);
    row("cut UTF-8", "[\"\xE2\x82\"]", 2);
    row("cut UTF-8 at the end of the text", "\"\xE2\x82", 1);
    row("octet FF", "[\"\xFF\"]", 2);
    row("UTF-8 outside a string", "[\xC3\xA9]", 1);
    row("comment", "[1/**/]", 2);
}

void TestStrictJson::refuses()
{
    QFETCH(QByteArray, text);
    QFETCH(qsizetype, offset);
    const auto checked = checkJson(text);
    QVERIFY(!checked);
    QCOMPARE(checked.error().offset, offset);
    QVERIFY(!checked.error().what.isEmpty());
}

void TestStrictJson::everyOctetIsJudgedAtEveryPlaceInAString()
{
    constexpr qsizetype letters = 40; // more than two steps of the scan
    for (qsizetype place = 0; place < letters - 1; ++place) { // a last backslash eats the quote
        for (int octet = 0; octet < 256; ++octet) {
            QByteArray text = '"' + QByteArray(letters, 'a') + '"';
            text[1 + place] = char(octet);
            const auto checked = checkJson(text);
            const bool isSound = octet >= 0x20 && octet < 0x80 && octet != '"' && octet != '\\';
            QCOMPARE(checked.has_value(), isSound);
            if (!isSound) // what follows a quote in the middle is text after the value
                QCOMPARE(checked.error().offset, 1 + place + (octet == '"' ? 1 : 0));
        }
    }
}

void TestStrictJson::everyProperPrefixOfATextIsRefused()
{
    const QByteArray text
        = "{\"a\":[1.5e3,\"\\u00e9\xC3\xA9\\n\",true,null,{\"b\":{}}],\"c\":-0.1}";
    QVERIFY(checkJson(text));
    for (qsizetype size = 0; size < text.size(); ++size)
        QVERIFY2(!checkJson(text.first(size)), text.first(size).constData());
}

void TestStrictJson::depthIsCountedInBrackets()
{
    const JsonRules two{.maxDepth = 2};
    QVERIFY(checkJson("[[1]]", two));
    QVERIFY(checkJson(R"([{"a":1},{"b":2}])", two));
    const auto checked = checkJson("[[[1]]]", two);
    QVERIFY(!checked);
    QCOMPARE(checked.error().offset, 2);
    QVERIFY(checkJson(nested(64)));
    QVERIFY(!checkJson(nested(65)));
    QVERIFY(checkJson("1", JsonRules{.maxDepth = 0}));
}

void TestStrictJson::hostileDepthIsRefusedAtTheLimit()
{
    const auto checked = checkJson(QByteArray(1'000'000, '['));
    QVERIFY(!checked);
    QCOMPARE(checked.error().offset, 64);
    QVERIFY(checkJson(nested(100'000), JsonRules{.maxDepth = 100'000}));
}

void TestStrictJson::duplicateNamesAreRefusedOnRequest_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("accepted");
    QTest::newRow("twice") << QByteArray(R"({"alg":"none","alg":"HS256"})") << false;
    QTest::newRow("twice, one escaped") << QByteArray(R"({"a":1,"\u0061":2})") << false;
    QTest::newRow("twice, deeper") << QByteArray(R"([{"x":{"a":1,"b":2,"a":3}}])") << false;
    QTest::newRow("twice, lone surrogate") << QByteArray(R"({"\ud800":1,"\ud800":2})") << false;
    QTest::newRow("after a nested object") << QByteArray(R"({"a":{"b":1},"a":2})") << false;
    QTest::newRow("in two objects") << QByteArray(R"([{"a":1},{"a":1}])") << true;
    QTest::newRow("in outer and inner") << QByteArray(R"({"a":{"a":1}})") << true;
    QTest::newRow("case differs") << QByteArray(R"({"a":1,"A":2})") << true;
    QTest::newRow("as a value") << QByteArray(R"({"a":"a"})") << true;
}

void TestStrictJson::duplicateNamesAreRefusedOnRequest()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, accepted);
    QVERIFY(checkJson(text));
    QCOMPARE(checkJson(text, {.duplicateNames = DuplicateNames::Refuse}).has_value(), accepted);
}

void TestStrictJson::loneSurrogatesAreRefusedOnRequest_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("accepted");
    QTest::newRow("high alone") << QByteArray(R"("\ud800")") << false;
    QTest::newRow("low alone") << QByteArray(R"("\udfff")") << false;
    QTest::newRow("high, then a letter") << QByteArray(R"("\uD800a")") << false;
    QTest::newRow("two highs") << QByteArray(R"("\uD800\uD800")") << false;
    QTest::newRow("high, then another escape") << QByteArray(R"("\uD800\n")") << false;
    QTest::newRow("low before high") << QByteArray(R"("\uDC00\uD800")") << false;
    QTest::newRow("in a name") << QByteArray(R"({"\uDC00":1})") << false;
    QTest::newRow("pair") << QByteArray(R"("\uD83D\uDE00")") << true;
    QTest::newRow("two pairs") << QByteArray(R"("\uD83D\uDE00\uD83D\uDE00")") << true;
    QTest::newRow("below the surrogates") << QByteArray(R"("\uD7FF")") << true;
    QTest::newRow("above the surrogates") << QByteArray(R"("\uE000")") << true;
}

void TestStrictJson::loneSurrogatesAreRefusedOnRequest()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, accepted);
    QVERIFY(checkJson(text));
    QCOMPARE(checkJson(text, {.loneSurrogates = LoneSurrogates::Refuse}).has_value(), accepted);
}

void TestStrictJson::faultBecomesAnError()
{
    const auto checked = checkJson("[1,]");
    QVERIFY(!checked);
    const Error error = checked.error().toError();
    QCOMPARE(error.code, ErrorCode::Malformed);
    QCOMPARE(error.detail, QStringLiteral("JSON: unknown value at byte 3"));
}

void TestStrictJson::kindOfAValue_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("kind");
    QTest::newRow("null") << QByteArray("null") << int(JsonKind::Null);
    QTest::newRow("true") << QByteArray("true") << int(JsonKind::Boolean);
    QTest::newRow("false") << QByteArray("false") << int(JsonKind::Boolean);
    QTest::newRow("number") << QByteArray("-1") << int(JsonKind::Number);
    QTest::newRow("string") << QByteArray("\"\"") << int(JsonKind::String);
    QTest::newRow("array after space") << QByteArray(" []") << int(JsonKind::Array);
    QTest::newRow("object") << QByteArray("{}") << int(JsonKind::Object);
}

void TestStrictJson::kindOfAValue()
{
    QFETCH(QByteArray, text);
    QFETCH(int, kind);
    QCOMPARE(int(jsonKind(text)), kind);
}

void TestStrictJson::arrayWalkerGivesRawSlices()
{
    JsonArrayWalker walker(R"( [ 1.50 , "a,]\"" ,{"b":[1,{"c":"}"}]} ,[ [] ], true] )");
    QList<QByteArray> values;
    while (walker.next())
        values.append(walker.value().toByteArray());
    const QList<QByteArray> expected{
        "1.50", R"("a,]\"")", R"({"b":[1,{"c":"}"}]})", "[ [] ]", "true"};
    QCOMPARE(values, expected);
}

void TestStrictJson::arrayWalkerOfEmptyArrayGivesNothing()
{
    QVERIFY(!JsonArrayWalker("[]").next());
    QVERIFY(!JsonArrayWalker(" [ ] ").next());
    QVERIFY(!JsonArrayWalker(R"({"a":1})").next());
    QVERIFY(!JsonArrayWalker("17").next());
}

void TestStrictJson::restOffsetPointsBehindTheComma()
{
    const QByteArray text = R"(["name" , {"a":1},2])";
    JsonArrayWalker walker(text);
    QVERIFY(walker.next());
    QCOMPARE(text.sliced(walker.restOffset()), R"({"a":1},2])");
    QVERIFY(walker.next());
    QVERIFY(walker.next());
    QCOMPARE(walker.restOffset(), -1);
    QVERIFY(!walker.next());
}

void TestStrictJson::objectWalkerGivesRawSlices()
{
    JsonObjectWalker walker(R"({ "a" : 1 ,"b\n":{"x":[]}, "":"}" })");
    QVERIFY(walker.next());
    QCOMPARE(walker.rawName(), "\"a\"");
    QCOMPARE(walker.value(), "1");
    QVERIFY(walker.next());
    QCOMPARE(walker.rawName(), R"("b\n")");
    QVERIFY(walker.hasName("b\n"));
    QCOMPARE(walker.value(), R"({"x":[]})");
    QVERIFY(walker.next());
    QVERIFY(walker.hasName(""));
    QCOMPARE(walker.value(), "\"}\"");
    QVERIFY(!walker.next());
    QVERIFY(!JsonObjectWalker("{ }").next());
    QVERIFY(!JsonObjectWalker("[1]").next());
}

void TestStrictJson::rawMemberTakesTheLastOfAName()
{
    QCOMPARE(rawMember(R"({"a":1,"b":2,"a":3})", "a"), QByteArrayView("3"));
    QVERIFY(!rawMember(R"({"a":{"b":2}})", "b"));
}

void TestStrictJson::rawMemberUnderstandsEscapedNames()
{
    QCOMPARE(rawMember(R"({"\u0061":1})", "a"), QByteArrayView("1"));
    QVERIFY(!rawMember(R"({"\ud800":1})", "a"));
}

void TestStrictJson::rawMemberOfAnythingElseIsNothing()
{
    QVERIFY(!rawMember("[1]", "a"));
    QVERIFY(!rawMember("\"a\"", "a"));
    QVERIFY(!rawMember("", "a"));
}

void TestStrictJson::rawElementByIndex()
{
    QCOMPARE(rawElement("[1,[2],3]", 1), QByteArrayView("[2]"));
    QVERIFY(!rawElement("[1,2]", 2));
    QVERIFY(!rawElement("{}", 0));
}

void TestStrictJson::textOfAString_data()
{
    QTest::addColumn<QByteArray>("raw");
    QTest::addColumn<bool>("isText");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* name, const char* raw, std::optional<QByteArray> text) {
        QTest::newRow(name) << QByteArray(raw) << text.has_value() << text.value_or(QByteArray());
    };
    row("empty", R"("")", "");
    row("plain", R"("abc")", "abc");
    row("space around it", R"( "abc" )", "abc");
    row("short escapes", R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t");
    row("escape of one octet", R"("\u0041")", "A");
    row("escape of two octets", R"("\u00e9")", "\xC3\xA9");
    row("escape of three octets", R"("\u20AC")", "\xE2\x82\xAC");
    row("escaped pair", R"("\uD83D\uDE00!")", "\xF0\x9F\x98\x80!");
    row("escaped NUL", R"("\u0000")", QByteArray("\0", 1));
    row("lone high", R"("\uD800")", std::nullopt);
    row("lone low", R"("\uDC00")", std::nullopt);
    row("high and letter", R"("\uD800x")", std::nullopt);
    row("number", "1", std::nullopt);
    row("array", "[\"a\"]", std::nullopt);
}

void TestStrictJson::textOfAString()
{
    QFETCH(QByteArray, raw);
    QFETCH(bool, isText);
    QFETCH(QByteArray, text);
    const auto result = jsonText(raw);
    QCOMPARE(result.has_value(), isText);
    QCOMPARE(result.value_or(QByteArray()), text);
}

void TestStrictJson::integerOfANumber_data()
{
    QTest::addColumn<QByteArray>("raw");
    QTest::addColumn<bool>("isInteger");
    QTest::addColumn<qint64>("value");
    const auto row = [](const char* raw, std::optional<qint64> value) {
        QTest::newRow(raw) << QByteArray(raw) << value.has_value() << value.value_or(0);
    };
    row("0", 0);
    row("-0", 0);
    row("42", 42);
    row(" 7 ", 7);
    row("9223372036854775807", std::numeric_limits<qint64>::max());
    row("-9223372036854775808", std::numeric_limits<qint64>::min());
    row("9223372036854775808", std::nullopt);
    row("-9223372036854775809", std::nullopt);
    row("99999999999999999999", std::nullopt);
    row("1.0", std::nullopt);
    row("1e3", std::nullopt);
    row("\"1\"", std::nullopt);
    row("null", std::nullopt);
    row("-", std::nullopt);
}

void TestStrictJson::integerOfANumber()
{
    QFETCH(QByteArray, raw);
    QFETCH(bool, isInteger);
    QFETCH(qint64, value);
    const auto result = jsonInteger(raw);
    QCOMPARE(result.has_value(), isInteger);
    QCOMPARE(result.value_or(0), value);
}

void TestStrictJson::booleans()
{
    QCOMPARE(jsonBoolean("true"), true);
    QCOMPARE(jsonBoolean(" false "), false);
    QVERIFY(!jsonBoolean("1"));
    QVERIFY(!jsonBoolean("\"true\""));
}

void TestStrictJson::walkersStayInsideUncheckedText()
{
    for (const QByteArray text : {"[", "[1", "[\"", "[\"\\", "{", "{\"a", "{\"a\"",
             "{\"a\":", "{\"a\":[", "[,", "{,", "{]", "[}"}) {
        const QByteArray exact(text.constData(), text.size()); // sanitizers see its end
        JsonArrayWalker array(exact);
        for (int i = 0; i < 10 && array.next(); ++i) { }
        JsonObjectWalker object(exact);
        for (int i = 0; i < 10 && object.next(); ++i)
            object.hasName("a");
    }
}

QTEST_APPLESS_MAIN(TestStrictJson)
#include "tst_strictjson.moc"
