// SPDX-License-Identifier: Apache-2.0
#include "common/core/utf8.h"

#include <array>
#include <cstring>

namespace gatehouse {

namespace {

constexpr quint64 HighBits = 0x8080808080808080ULL;

/// What may follow a lead octet: how many octets, and the range of the first of them.
struct Lead
{
    quint8 needed = 0; ///< 0: not a lead octet
    quint8 lower = 0x80;
    quint8 upper = 0xBF;
};

Lead leadOf(uchar octet)
{
    if (octet >= 0xC2 && octet <= 0xDF)
        return {1};
    if (octet >= 0xE0 && octet <= 0xEF) {
        if (octet == 0xE0)
            return {2, 0xA0, 0xBF}; // below: overlong
        if (octet == 0xED)
            return {2, 0x80, 0x9F}; // above: surrogates
        return {2};
    }
    if (octet == 0xF0)
        return {3, 0x90, 0xBF}; // below: overlong
    if (octet >= 0xF1 && octet <= 0xF3)
        return {3};
    if (octet == 0xF4)
        return {3, 0x80, 0x8F}; // above: over U+10FFFF
    return {};
}

const char* skipAscii(const char* at, const char* end)
{
    std::array<quint64, 4> words;
    while (end - at >= qsizetype(sizeof words)) {
        std::memcpy(words.data(), at, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & HighBits)
            break;
        at += sizeof words;
    }
    while (end - at >= 8) {
        std::memcpy(words.data(), at, 8);
        if (words[0] & HighBits)
            break;
        at += 8;
    }
    while (at < end && static_cast<uchar>(*at) < 0x80)
        ++at;
    return at;
}

} // namespace

bool Utf8Validator::feed(QByteArrayView octets)
{
    const char* at = octets.begin();
    const char* const end = octets.end();
    while (!m_failed) {
        if (m_needed == 0)
            at = skipAscii(at, end);
        if (at == end)
            break;
        if (!feedOctet(static_cast<uchar>(*at++)))
            m_failed = true;
    }
    return !m_failed;
}

bool Utf8Validator::feedOctet(uchar octet)
{
    if (m_needed == 0) {
        const Lead lead = leadOf(octet);
        m_needed = lead.needed;
        m_lower = lead.lower;
        m_upper = lead.upper;
        return lead.needed > 0;
    }
    if (octet < m_lower || octet > m_upper)
        return false;
    m_lower = 0x80;
    m_upper = 0xBF;
    --m_needed;
    return true;
}

bool isValidUtf8(QByteArrayView octets)
{
    Utf8Validator validator;
    return validator.feed(octets) && validator.isComplete();
}

int utf8SequenceLength(const char* at, const char* end)
{
    const Lead lead = leadOf(static_cast<uchar>(*at));
    if (lead.needed == 0 || end - at <= lead.needed)
        return 0;
    const auto first = static_cast<uchar>(at[1]);
    if (first < lead.lower || first > lead.upper)
        return 0;
    for (int i = 2; i <= lead.needed; ++i) {
        if ((static_cast<uchar>(at[i]) & 0xC0) != 0x80)
            return 0;
    }
    return lead.needed + 1;
}

} // namespace gatehouse
