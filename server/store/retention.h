// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/store/expiring.h"

#include <QObject>
#include <QTimer>

namespace gatehouse::store {

class Store;

/// How long things are kept; zero keeps them for ever.
struct RetentionOptions
{
    /// With their runs, since the last of these finished; and sessions without tasks.
    Millis finishedTasks{};
    Millis runLogs{}; ///< of finished runs; the runs and their results stay
    Millis audit{};
    Millis interval{3'600'000}; ///< between two rounds
    Millis pause{200}; ///< between two batches of a round
    int batch = 200; ///< rows looked at in one write
};

/// Removes what is older than it has to be, now and then and a little at a time, as writes among
/// others: nobody waits long behind one. Lives in the store's thread and ends before it.
class Retention final : public QObject
{
    Q_OBJECT

public:
    Retention(Store& store, const RetentionOptions& options, const Clock& clock);

    void start(); ///< the first round comes after one interval
    void sweepNow();
    qint64 removed() const { return m_removed; } ///< rows, since the start

Q_SIGNALS:
    void roundFinished();

private:
    Millis lifeOf(Expiring kind) const;
    void nextBatch();
    void nextKind();

    Store& m_store;
    const RetentionOptions m_options;
    const Clock& m_clock;
    QTimer m_timer;
    size_t m_kind = 0; ///< index into allExpiring; its size between two rounds
    qint64 m_after = 0;
    qint64 m_removed = 0;
};

} // namespace gatehouse::store
