// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/message.h"

#include <functional>
#include <memory>
#include <utility>

namespace gatehouse::bus {

/// The right to answer one call: any number of parts, then a final answer. Move-only; may be kept
/// for as long as the answer takes and outlive the serving and the bus. One that is dropped without
/// a final answer rejects its call: it goes to the dead letters, and who asked runs into the
/// timeout. Network thread.
class Reply
{
public:
    /// What the bus does with it; called at most once with `isFinal`.
    class Sink
    {
    public:
        virtual ~Sink() = default;
        virtual void answer(QByteArray body, Properties properties, bool isFinal) = 0;
        virtual void reject() = 0;
        virtual bool isWanted() const = 0;
    };

    Reply() = default;
    explicit Reply(std::unique_ptr<Sink> sink) : m_sink(std::move(sink)) { }
    ~Reply() { reject(); }
    Reply(Reply&&) noexcept = default;
    Reply& operator=(Reply&& other) noexcept
    {
        if (this != &other) {
            reject();
            m_sink = std::move(other.m_sink);
        }
        return *this;
    }

    /// False: the caller named nobody to answer to (or the answer was given). Answering does no
    /// harm then.
    bool isWanted() const { return m_sink && m_sink->isWanted(); }

    /// One of several answers. Its property `type` becomes "partial".
    void part(QByteArray body, Properties properties = {})
    {
        if (m_sink)
            m_sink->answer(std::move(body), std::move(properties), false);
    }

    void finish(QByteArray body, Properties properties = {})
    {
        if (const auto sink = std::move(m_sink))
            sink->answer(std::move(body), std::move(properties), true);
    }

    /// Cannot be handled. As dropping it.
    void reject()
    {
        if (const auto sink = std::move(m_sink))
            sink->reject();
    }

private:
    std::unique_ptr<Sink> m_sink;
};

} // namespace gatehouse::bus
