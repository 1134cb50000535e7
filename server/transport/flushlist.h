// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/listhook.h"

#include <QObject>

namespace gatehouse::transport {

/// Connections with something to write. All of them are flushed together, after the events of the
/// current turn of the loop, so that whatever one turn produced for a connection leaves in one
/// write. One per network thread.
class FlushList : public QObject
{
public:
    class Client : private ListHook
    {
    public:
        virtual ~Client() = default;

    protected:
        /// From the event loop, once per markDirty(). May destroy this and other clients.
        virtual void flush() = 0;

    private:
        friend class FlushList;
    };

    void markDirty(Client& client);

protected:
    void customEvent(QEvent* event) override;

private:
    ListHook m_dirty;
    bool m_isPosted = false;
};

} // namespace gatehouse::transport
