// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QLoggingCategory>
#include <QString>

namespace gatehouse::bus {

Q_DECLARE_LOGGING_CATEGORY(busLog) // "gh.bus"

/// A warning that may come in floods: at most one line of a kind each ten seconds, with the number
/// of those that were left out. Any thread. Kinds are a fixed few, never a peer's words.
void warnSparingly(const char* kind, const QString& text);

/// A name of the bus for a line of the log.
QString text(const QByteArray& name);

} // namespace gatehouse::bus
