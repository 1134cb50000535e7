// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace gatehouse::identity {

/// Where verification keys come from while the server runs. Implemented by the composition root's
/// room; network thread only.
class KeySource
{
public:
    virtual ~KeySource() = default;

    /// A token names a key that nobody has. True: the keys are being asked for, by this call or an
    /// earlier one, and `done` is called when there is an answer, whatever it is. False: not now,
    /// because they have been asked for lately or too many wait already; `done` is not called.
    virtual bool fetch(std::function<void()> done) = 0;
};

} // namespace gatehouse::identity
