// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>
#include <QHash>

namespace gatehouse::services {

/// What has gone out of a type and may not have arrived yet: a question about the type would
/// overtake it. Times are those of the bus. Owned by TypedPublisher; network thread only.
class SentTypes
{
public:
    void sent(const QByteArray& type) { ++m_types[type].open; }
    void settled(const QByteArray& type); ///< it is known what became of one
    void kept(const QByteArray& type, Millis now); ///< one is in the outbox
    void keptOfAnyType(Millis now); ///< what a former process has left

    bool isOpen(const QByteArray& type) const { return m_types.value(type).open > 0; }
    bool mayBeInOutbox(const QByteArray& type, Millis now) const;
    bool isAnyKept() const;
    void forgetKept(Millis now, bool isOutboxEmpty);

private:
    struct Sent
    {
        int open = 0; ///< what became of them is not known
        Millis keptUntil{}; ///< when the outbox has tried them all; zero: none is there
    };

    QHash<QByteArray, Sent> m_types; ///< at most mostKept of them are in the outbox
    Millis m_allKeptUntil{}; ///< likewise of any type, also of more than are told apart
};

} // namespace gatehouse::services
