// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/identity/inquiry.h"

#include <functional>

namespace gatehouse::identity {

/// How long somebody with a token of an unknown key waits.
enum class KeyWait : quint8 {
    Answer, ///< for a question that is under way or may be asked at once
    NextQuestion, ///< also until one may be asked again, half a minute by default
};

/// Whom there is to ask for keys, and what came of it last.
enum class Issuer : quint8 { None, Answers, Silent };

/// Where verification keys come from while the server runs. Implemented by the composition root's
/// room; network thread only.
class KeySource
{
public:
    virtual ~KeySource() = default;

    /// A token names a key that nobody has. Asked: `done` is called when there is an answer,
    /// whatever it is. NotNeeded: there is nobody to ask, or not now and this one does not wait.
    virtual Inquiry fetch(KeyWait wait, std::function<void()> done) = 0;

    /// While it is silent, an unknown key may well be one of its newest.
    virtual Issuer issuer() const = 0;
};

} // namespace gatehouse::identity
