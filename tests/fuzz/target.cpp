// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/target.h"

#include <cstdio>
#include <cstdlib>

namespace gatehouse::fuzz {

void require(bool holds, const char* property, const char* file, int line)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    std::abort();
}

uchar Input::takeOctet()
{
    if (m_rest.isEmpty())
        return 0;
    const auto octet = static_cast<uchar>(m_rest.front());
    m_rest = m_rest.sliced(1);
    return octet;
}

QByteArray Input::takeUntil(char separator)
{
    const qsizetype at = m_rest.indexOf(separator);
    const QByteArrayView taken = at < 0 ? m_rest : m_rest.first(at);
    m_rest = at < 0 ? QByteArrayView() : m_rest.sliced(at + 1);
    return taken.toByteArray();
}

qsizetype PieceSizes::next()
{
    m_state ^= m_state << 13U;
    m_state ^= m_state >> 17U;
    m_state ^= m_state << 5U;
    const quint32 kind = m_state & 7U;
    const quint32 size = m_state >> 8U;
    if (kind < 4)
        return 1 + size % 4;
    return kind < 7 ? 1 + size % 40 : 1 + size % 1'000;
}

} // namespace gatehouse::fuzz
