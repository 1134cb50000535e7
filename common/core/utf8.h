// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArrayView>

namespace gatehouse {

/// Checks UTF-8 as it arrives, in pieces of any size, and fails on the first octet that cannot be
/// part of it (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). A value; one
/// text at a time.
class Utf8Validator
{
public:
    /// False from the first wrong octet on, until reset().
    bool feed(QByteArrayView octets);

    /// True between characters: a text may end here.
    bool isComplete() const { return m_needed == 0 && !m_failed; }

    void reset() { *this = {}; }

private:
    bool feedOctet(uchar octet);

    quint8 m_needed = 0; ///< continuation octets still to come
    quint8 m_lower = 0x80; ///< range of the next one
    quint8 m_upper = 0xBF;
    bool m_failed = false;
};

bool isValidUtf8(QByteArrayView octets);

/// Octets of the character that starts at `at` (2 to 4), 0 when there is no valid one of more than
/// one octet. Needs at < end.
int utf8SequenceLength(const char* at, const char* end);

} // namespace gatehouse
