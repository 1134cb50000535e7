// SPDX-License-Identifier: Apache-2.0
#include "server/session/roompattern.h"

namespace gatehouse::session {

/// Of several stars only the last one ever has to be tried again: what the earlier ones took fits.
bool fitsPattern(QStringView name, QStringView pattern)
{
    qsizetype at = 0; // in the name
    qsizetype next = 0; // in the pattern
    qsizetype star = -1; // after the last one, in the pattern
    qsizetype taken = 0; // by the last one, up to here in the name
    while (at < name.size()) {
        const bool isStar = next < pattern.size() && pattern[next] == u'*';
        const bool fits
            = next < pattern.size() && (pattern[next] == u'?' || pattern[next] == name[at]);
        if (isStar) {
            star = ++next;
            taken = at;
        } else if (fits) {
            ++at;
            ++next;
        } else if (star >= 0) {
            at = ++taken;
            next = star;
        } else {
            return false;
        }
    }
    while (next < pattern.size() && pattern[next] == u'*')
        ++next;
    return next == pattern.size();
}

} // namespace gatehouse::session
