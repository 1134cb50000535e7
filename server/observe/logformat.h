// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/model/logentry.h"

#include <QByteArray>
#include <QByteArrayList>

// One log entry, cleaned, in each spelling. Pure functions, any thread.
namespace gatehouse::observe {

/// The text, or its beginning and how long it was.
QString shortened(const QString& text, qsizetype maxCharacters);

/// The entry as it may leave the process: secrets redacted, control characters escaped.
model::LogEntry cleaned(model::LogEntry entry);

/// "2026-11-21T05:00:00.123Z warning gh.auth text node=3 task=42 run=7 socket=abc\n"
QByteArray textLine(const model::LogEntry& entry);

/// {"time":"…","level":"warning","category":"gh.auth","text":"…","node":3,…} and a line feed.
QByteArray jsonLine(const model::LogEntry& entry);

/// Fields of the journal, "NAME=value" each: MESSAGE, PRIORITY, GH_CATEGORY, GH_NODE, GH_TASK,
/// GH_RUN, GH_SID.
QByteArrayList journalFields(const model::LogEntry& entry);

} // namespace gatehouse::observe
