// SPDX-License-Identifier: Apache-2.0
#include "server/events/logtopic.h"

#include <QJsonDocument>

#include <algorithm>

namespace gatehouse::events {

namespace {

/// What may wait is this many times what one message takes: at the rate of messages, most of a
/// second of lines that are all long.
constexpr qsizetype maxWaitingMessages = 8;

QByteArray json(const model::LogEntry& entry)
{
    return QJsonDocument(entry.toJson()).toJson(QJsonDocument::Compact);
}

class LogReader final : public SnapshotReader
{
public:
    explicit LogReader(std::vector<model::LogEntry> lines) : m_lines(std::move(lines)) { }

    void next(PageBounds bounds, Done done) override
    {
        SnapshotPage page;
        qsizetype bytes = 0;
        while (m_next < m_lines.size() && page.items.size() < bounds.maxItems
            && bytes < bounds.maxBytes) {
            page.items.append(json(m_lines[m_next++]));
            bytes += page.items.last().size();
        }
        page.isLast = m_next == m_lines.size();
        done(std::move(page));
    }

private:
    std::vector<model::LogEntry> m_lines;
    size_t m_next = 0;
};

} // namespace

LogTopic::LogTopic(observe::LiveLog& log, const AdminOptions& options)
    : m_log(log), m_options(options)
{
}

void LogTopic::start()
{
    m_lastSeq = m_log.lastSeq();
    setVersion(m_lastSeq);
    m_allowance = m_options.maxLogLinesPerSecond;
    m_log.addObserver(this);
}

void LogTopic::stop()
{
    m_log.removeObserver(this);
    m_waiting.clear();
    m_waitingCharacters = 0;
    m_dropped = 0;
    m_refilledAt.reset();
}

/// Called right after takeChanges() (AdminNamespace sees to that), so the tail ends where the
/// changes begin.
std::unique_ptr<SnapshotReader> LogTopic::read(const QJsonObject& options)
{
    const qint64 tail = options.value(QLatin1StringView("tail")).toInteger(1'000);
    const qsizetype count = std::clamp<qsizetype>(tail, 0, m_options.maxLogTail);
    return std::make_unique<LogReader>(m_log.tail(count));
}

std::optional<ChangeSet> LogTopic::takeChanges(PageBounds bounds)
{
    if (m_waiting.empty() && m_dropped == 0)
        return std::nullopt;
    QByteArrayList lines;
    qsizetype bytes = 0;
    quint64 version = m_lastSeq;
    while (!m_waiting.empty()) {
        if (bytes >= bounds.maxBytes) {
            version = m_waiting.front().seq - 1;
            break;
        }
        lines.append(json(m_waiting.front()));
        bytes += lines.last().size();
        m_waitingCharacters -= m_waiting.front().text.size();
        m_waiting.pop_front();
    }
    ChangeSet changes{this->version(), version,
        "\"lines\":[" + lines.join(',') + "],\"dropped\":" + QByteArray::number(m_dropped)};
    m_dropped = 0;
    setVersion(version);
    return changes;
}

void LogTopic::prepare(Millis now)
{
    const double perMilli = m_options.maxLogLinesPerSecond / 1'000.0;
    m_allowance = std::min<double>(m_options.maxLogLinesPerSecond,
        m_allowance + perMilli * double((now - m_refilledAt.value_or(now)).count()));
    m_refilledAt = now;
}

void LogTopic::linesAppended(std::span<const model::LogEntry> lines)
{
    for (const model::LogEntry& line : lines) {
        m_lastSeq = line.seq;
        if (m_allowance < 1 || m_waitingCharacters >= maxWaitingMessages * m_options.maxPageBytes) {
            ++m_dropped;
            continue;
        }
        m_allowance -= 1;
        m_waitingCharacters += line.text.size();
        m_waiting.push_back(line);
    }
}

} // namespace gatehouse::events
