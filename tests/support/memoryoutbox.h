// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/outbox.h"

#include <QTimer>

#include <map>

namespace gatehouse::test {

/// An outbox that keeps its promises except the one about the disk. It outlives the bus, so that a
/// test can begin again with what was left.
class MemoryOutbox final : public bus::Outbox
{
public:
    struct Row
    {
        bus::Publication publication;
        bool isTried = false;
        bool isDamaged = false;
    };
    std::map<quint64, Row> rows;
    bool isFailing = false;
    quint64 readRows = 0; ///< in all
    int failingStates = 0; ///< that many times the state cannot be read
    Millis stateTime{}; ///< from reading it to the completion
    Millis keepTime{}; ///< from the write to the completion

    void state(Completion<bus::OutboxState> done) override
    {
        later([this, done] {
            bus::OutboxState now{rows.size(), 0, {}};
            for (const auto& [number, row] : rows)
                now.bytes += quint64(row.publication.body.size());
            const bool fails = failingStates > 0 && failingStates-- > 0;
            QTimer::singleShot(stateTime, &m_context, [now, fails, done] {
                if (fails)
                    done(failure(ErrorCode::Unavailable, QStringLiteral("told to fail")));
                else
                    done(now);
            });
        });
    }
    void keep(bus::Publication publication, bool mayBeRepeated, Completion<quint64> done) override
    {
        later([this, publication = std::move(publication), mayBeRepeated, done] {
            if (isFailing) {
                done(failure(ErrorCode::Unavailable, QStringLiteral("told to fail")));
                return;
            }
            rows[++m_last] = {publication, mayBeRepeated};
            QTimer::singleShot(keepTime, &m_context, [number = m_last, done] { done(number); });
        });
    }
    void oldest(
        quint64 after, int count, qint64, Completion<std::vector<bus::KeptMessage>> done) override
    {
        later([this, after, count, done] {
            std::vector<bus::KeptMessage> all;
            for (auto row = rows.upper_bound(after); row != rows.end(); ++row) {
                if (int(all.size()) == count)
                    break;
                const auto& [number, kept] = *row;
                all.push_back({number, kept.publication, Millis{}, kept.isTried, kept.isDamaged});
            }
            readRows += all.size();
            done(all);
        });
    }
    void markTried(std::vector<quint64> numbers, Completion<void> done) override
    {
        later([this, numbers = std::move(numbers), done] {
            for (const quint64 number : numbers)
                rows.at(number).isTried = true;
            done({});
        });
    }
    void remove(std::vector<quint64> numbers, Completion<void> done) override
    {
        later([this, numbers = std::move(numbers), done] {
            for (const quint64 number : numbers)
                rows.erase(number);
            done({});
        });
    }

private:
    void later(std::function<void()> call)
    {
        QMetaObject::invokeMethod(&m_context, std::move(call), Qt::QueuedConnection);
    }

    QObject m_context;
    quint64 m_last = 0;
};

} // namespace gatehouse::test
