// SPDX-License-Identifier: Apache-2.0
#include "server/store/databasefile.h"

#include <QFile>
#include <QFileInfo>
#include <QtEndian>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

constexpr qint64 headerSize = 100;
constexpr int pageSizeAt = 16; // two octets; 1 stands for 65536
constexpr int changeCounterAt = 24;
constexpr int pageCountAt = 28;
constexpr int pageCountValidForAt = 92; // the change counter the page count was written with

auto damaged(const QString& what)
{
    return failure(ErrorCode::Unavailable,
        u"the file %1. It is left as it is. Restore a backup, or move it and its -wal and -shm "
        "away to begin with an empty database"_s.arg(what));
}

auto systemFailure(const QString& file, const QString& what)
{
    return failure(ErrorCode::Unavailable,
        u"%1 %2: %3"_s.arg(file, what, QString::fromLocal8Bit(std::strerror(errno))));
}

/// Octets the header says there are; 0 when it does not say.
qint64 announcedSize(const QByteArray& header)
{
    const auto number
        = [&header](int at) { return qFromBigEndian<quint32>(header.constData() + at); };
    if (number(changeCounterAt) != number(pageCountValidForAt))
        return 0;
    const qint64 pageSize = qFromBigEndian<quint16>(header.constData() + pageSizeAt);
    return qint64(number(pageCountAt)) * (pageSize == 1 ? 65'536 : pageSize);
}

} // namespace

Result<void> checkDatabaseIsThere(const QString& file)
{
    const QFileInfo database(file);
    if (!database.exists() && QFileInfo(file + u"-wal"_s).size() > 0)
        return damaged(u"is gone, but its log is there (-wal)"_s);
    if (database.exists() && database.size() == 0)
        return damaged(u"is empty"_s);
    return {};
}

Result<void> checkDatabaseFile(const QString& file)
{
    if (Result<void> there = checkDatabaseIsThere(file); !there)
        return there;
    QFile database(file);
    if (!database.exists())
        return {};
    if (!database.open(QIODevice::ReadOnly))
        return failure(ErrorCode::Unavailable, database.errorString());
    const QByteArray header = database.read(headerSize);
    if (header.size() < headerSize || !header.startsWith(QByteArrayView("SQLite format 3\0", 16)))
        return damaged(u"is not a database"_s);
    // A log may hold the pages that the file does not have yet, as after a crash in a checkpoint.
    const qint64 logSize = QFileInfo(file + u"-wal"_s).size(); // 0 without one
    if (const qint64 wanted = announcedSize(header); logSize == 0 && database.size() < wanted)
        return damaged(u"is cut off: %1 of %2 octets are there"_s.arg(database.size()).arg(wanted));
    return {};
}

Result<void> createDatabaseFile(
    const QString& file, const std::function<Result<void>(const QString&)>& fill)
{
    const QString beside = file + u".new"_s;
    for (const QString& suffix : {u""_s, u"-wal"_s, u"-shm"_s, u"-journal"_s})
        QFile::remove(beside + suffix); // of a process that was killed
    if (Result<void> filled = fill(beside); !filled)
        return filled;
    if (!flushToDisk(beside))
        return systemFailure(beside, u"cannot be flushed to the disk"_s);
    if (::rename(QFile::encodeName(beside).constData(), QFile::encodeName(file).constData()) != 0)
        return systemFailure(beside, u"cannot be renamed"_s);
    if (!flushToDisk(QFileInfo(file).path()))
        return systemFailure(file, u"cannot be flushed to the disk"_s);
    return {};
}

bool flushToDisk(const QString& path)
{
    const int descriptor = ::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool isFlushed = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return isFlushed;
}

} // namespace gatehouse::store
