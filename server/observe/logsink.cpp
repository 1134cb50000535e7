// SPDX-License-Identifier: Apache-2.0
#include "server/observe/logsink.h"

#include "server/observe/livelog.h"
#include "server/observe/log.h"
#include "server/observe/logformat.h"

#include <QDateTime>
#include <QLoggingCategory>

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <thread>

#define SD_JOURNAL_SUPPRESS_LOCATION // the place is always this file
#include <systemd/sd-journal.h>

namespace gatehouse::observe {

namespace {

constexpr int stderrPatienceMs = 1'000; // for a terminal or pipe that does not take more

qint64 wallNow()
{
    return QDateTime::currentMSecsSinceEpoch();
}

/// False when standard error takes no more.
bool writeToStderr(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t put = ::write(STDERR_FILENO, bytes.data(), size_t(bytes.size()));
        if (put > 0) {
            bytes = bytes.sliced(put);
            continue;
        }
        pollfd waiting{STDERR_FILENO, POLLOUT, 0};
        const bool mayTryAgain
            = errno == EINTR || (errno == EAGAIN && ::poll(&waiting, 1, stderrPatienceMs) > 0);
        if (!mayTryAgain)
            return false;
    }
    return true;
}

bool writeToJournal(const model::LogEntry& entry)
{
    QByteArrayList fields = journalFields(entry);
    std::vector<iovec> vectors;
    for (QByteArray& field : fields)
        vectors.push_back({field.data(), size_t(field.size())});
    return ::sd_journal_sendv(vectors.data(), int(vectors.size())) == 0;
}

/// systemd sets JOURNAL_STREAM to device:inode of the stream it made; a redirected stderr is
/// another.
bool isStderrTheJournal()
{
    struct stat info
    {
    };
    if (::fstat(STDERR_FILENO, &info) != 0)
        return false;
    const QByteArray own = QByteArray::number(qulonglong(info.st_dev)) + ':'
        + QByteArray::number(qulonglong(info.st_ino));
    return qgetenv("JOURNAL_STREAM") == own;
}

LogFormat resolved(LogFormat format)
{
    if (format != LogFormat::Automatic)
        return format;
    return isStderrTheJournal() ? LogFormat::Journal : LogFormat::Text;
}

enum class Audience : quint8 {
    Everybody, ///< the log, and the live log
    LiveLog,
};

Level levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return Level::Debug;
    case QtInfoMsg:
        return Level::Info;
    case QtWarningMsg:
        return Level::Warning;
    case QtCriticalMsg:
        return Level::Error;
    case QtFatalMsg:
        return Level::Critical;
    }
    return Level::Warning;
}

} // namespace

struct LogSink::Private
{
    struct Line
    {
        model::LogEntry entry;
        Audience audience = Audience::Everybody;
    };

    LogOptions options;
    LogFormat format;
    LiveLog* liveLog;
    Writer writer;

    std::mutex mutex; ///< guards the next six
    std::condition_variable filled;
    std::condition_variable written;
    std::deque<Line> queue;
    qsizetype queuedCharacters = 0;
    bool busy = false;
    bool stopping = false;

    std::atomic<quint64> dropped = 0;
    std::atomic<quint64> droppedLive = 0;
    std::thread thread;

    Private(LogOptions o, LiveLog* live, Writer w)
        : options(std::move(o)), format(resolved(options.format)), liveLog(live),
          writer(std::move(w))
    {
        thread = std::thread([this] { run(); });
    }

    Level threshold(QByteArrayView category) const
    {
        if (!options.levels.isEmpty()) {
            const auto own = options.levels.constFind(category.toByteArray());
            if (own != options.levels.constEnd())
                return *own;
        }
        return category.startsWith("gh.") ? options.level : options.otherLevel;
    }

    void push(Line line)
    {
        {
            const std::lock_guard lock(mutex);
            // What others say may not push out what we have to say.
            const qsizetype share = line.audience == Audience::LiveLog ? 2 : 1;
            if (qsizetype(queue.size()) >= options.maxQueuedLines / share
                || queuedCharacters > options.maxQueuedCharacters / share) {
                ++(line.audience == Audience::LiveLog ? droppedLive : dropped);
                return;
            }
            queuedCharacters += line.entry.text.size();
            queue.push_back(std::move(line));
        }
        filled.notify_one();
    }

    void flush()
    {
        std::unique_lock lock(mutex);
        written.wait(lock, [this] { return queue.empty() && !busy; });
    }

    void run()
    {
        quint64 toldDropped = 0;
        quint64 toldLive = 0;
        std::unique_lock lock(mutex);
        for (;;) {
            filled.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty())
                return;
            std::deque<Line> batch;
            batch.swap(queue);
            queuedCharacters = 0;
            busy = true;
            lock.unlock();
            if (const quint64 lost = dropped - toldDropped; lost > 0) {
                toldDropped += lost;
                batch.push_back(warning(QStringLiteral("%1 log lines dropped").arg(lost)));
            }
            if (const quint64 lost = droppedLive - toldLive; lost > 0) {
                toldLive += lost;
                batch.push_back(warning(
                    QStringLiteral("%1 lines of others dropped").arg(lost), Audience::LiveLog));
            }
            write(batch);
            lock.lock();
            busy = false;
            written.notify_all();
        }
    }

    static Line warning(const QString& text, Audience audience = Audience::Everybody)
    {
        return {{0, wallNow(), Level::Warning, category::app, text, 0, 0, 0, {}}, audience};
    }

    void write(const std::deque<Line>& batch)
    {
        std::vector<model::LogEntry> lines;
        lines.reserve(batch.size());
        QByteArray text;
        for (const Line& raw : batch) {
            lines.push_back(cleaned(raw.entry));
            const model::LogEntry& entry = lines.back();
            if (raw.audience == Audience::LiveLog)
                continue;
            if (format == LogFormat::Journal && !writer && writeToJournal(entry))
                continue;
            const QByteArray line
                = format == LogFormat::JsonLines ? jsonLine(entry) : textLine(entry);
            if (writer)
                writer(line);
            else
                text += line;
        }
        if (!text.isEmpty() && !writeToStderr(text))
            dropped += quint64(text.count('\n'));
        if (liveLog)
            liveLog->post(std::move(lines));
    }
};

namespace {

// The process has one message handler, so there is one sink; log() may come from any thread while
// it is installed or removed.
std::shared_mutex s_installed;

thread_local int t_muted = 0; ///< QtWarningsMuted objects alive

} // namespace

/// Reaches the installed sink from the free functions.
class LogGate
{
public:
    static LogSink::Private* sink; ///< guarded by s_installed

    static void put(Level level, QByteArrayView category, const QString& text,
        const LogContext& context, Audience audience = Audience::Everybody)
    {
        const std::shared_lock lock(s_installed);
        const qsizetype longest
            = sink ? sink->options.maxTextCharacters : LogOptions{}.maxTextCharacters;
        if (level < (sink ? sink->threshold(category) : Level::Info))
            return;
        model::LogEntry entry{0, wallNow(), level, QString::fromUtf8(category),
            shortened(text, longest), context.node.value, context.task.value, context.run.value,
            QString::fromUtf8(context.socket.value)};
        if (sink)
            sink->push({std::move(entry), audience});
        else if (audience == Audience::Everybody)
            writeToStderr(textLine(cleaned(std::move(entry))));
    }

    static bool isEnabled(Level level, QByteArrayView category)
    {
        const std::shared_lock lock(s_installed);
        return sink ? level >= sink->threshold(category) : level >= Level::Info;
    }

    static void flush()
    {
        const std::shared_lock lock(s_installed);
        if (sink && std::this_thread::get_id() != sink->thread.get_id())
            sink->flush();
    }

    static void handleQtMessage(
        QtMsgType type, const QMessageLogContext& context, const QString& text)
    {
        if (type == QtWarningMsg && t_muted > 0)
            return;
        put(levelOf(type), context.category ? context.category : "default", text, {});
        if (type == QtFatalMsg)
            flush(); // Qt aborts when we return
    }

    static void filter(QLoggingCategory* category)
    {
        const QByteArrayView name(category->categoryName());
        for (const auto type : {QtDebugMsg, QtInfoMsg, QtWarningMsg, QtCriticalMsg})
            category->setEnabled(type, isEnabled(levelOf(type), name));
    }
};

LogSink::Private* LogGate::sink = nullptr;

LogSink::LogSink(LogOptions options, LiveLog* liveLog, Writer writer)
    : d(std::make_unique<Private>(std::move(options), liveLog, std::move(writer)))
{
    {
        const std::unique_lock lock(s_installed);
        Q_ASSERT(!LogGate::sink);
        LogGate::sink = d.get();
    }
    QLoggingCategory::installFilter(&LogGate::filter);
    qInstallMessageHandler(&LogGate::handleQtMessage);
}

LogSink::~LogSink()
{
    qInstallMessageHandler(nullptr);
    QLoggingCategory::installFilter(nullptr);
    {
        const std::unique_lock lock(s_installed);
        LogGate::sink = nullptr;
    }
    {
        const std::lock_guard lock(d->mutex);
        d->stopping = true;
    }
    d->filled.notify_one();
    d->thread.join();
}

void LogSink::setLevel(const QByteArray& category, model::LogLevel level)
{
    {
        const std::unique_lock lock(s_installed);
        if (category.isEmpty())
            d->options.level = level;
        else
            d->options.levels.insert(category, level);
    }
    QLoggingCategory::installFilter(&LogGate::filter);
}

void LogSink::flush()
{
    d->flush();
}

quint64 LogSink::dropped() const
{
    return d->dropped;
}

quint64 LogSink::droppedLive() const
{
    return d->droppedLive;
}

void log(Level level, QLatin1StringView category, const QString& text, const LogContext& context)
{
    LogGate::put(level, QByteArrayView(category.data(), category.size()), text, context);
}

void logLive(
    Level level, QLatin1StringView category, const QString& text, const LogContext& context)
{
    LogGate::put(
        level, QByteArrayView(category.data(), category.size()), text, context, Audience::LiveLog);
}

QtWarningsMuted::QtWarningsMuted()
{
    ++t_muted;
}

QtWarningsMuted::~QtWarningsMuted()
{
    --t_muted;
}

bool isEnabled(Level level, QLatin1StringView category)
{
    return LogGate::isEnabled(level, QByteArrayView(category.data(), category.size()));
}

} // namespace gatehouse::observe
