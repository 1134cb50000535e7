// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/observe/audit.h"

namespace gatehouse::work {
class Journal;
}

namespace gatehouse::app {

/// Keeps audit entries in the database, behind the log. Network thread only.
class JournalAuditSink final : public observe::AuditSink
{
public:
    explicit JournalAuditSink(work::Journal& journal) : m_journal(journal) { }
    void record(const observe::AuditEntry& entry) override;

private:
    work::Journal& m_journal;
};

} // namespace gatehouse::app
