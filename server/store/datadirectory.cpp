// SPDX-License-Identifier: Apache-2.0
#include "server/store/datadirectory.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

const QString databaseName = u"gatehouse.sqlite"_s;
constexpr QDir::Filters allEntries
    = QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot;

QString lockPath(const QString& directory)
{
    return directory + u"/gatehouse.lock"_s;
}

QString reason()
{
    return QString::fromLocal8Bit(std::strerror(errno));
}

/// Only the last folder of the path is private; those above it are somebody else's.
Result<void> create(const QString& path)
{
    const bool ok = QDir().mkpath(QFileInfo(path).absolutePath())
        && (::mkdir(QFile::encodeName(path).constData(), 0700) == 0 || errno == EEXIST);
    if (ok && QFileInfo(path).isDir())
        return {};
    return failure(ErrorCode::Unavailable,
        u"data directory %1 cannot be created: %2"_s.arg(
            path, ok ? u"not a directory"_s : reason()));
}

/// Shuts others out of a folder that is ours. A folder that holds other things is left as it is:
/// a mistyped path must not lock people out of their home.
Result<void> makePrivate(const QString& path)
{
    const QFileInfo folder(path);
    const QFile::Permissions others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup
        | QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
    if (!(folder.permissions() & others))
        return {};
    const QDir content(path);
    const bool ours = content.exists(databaseName) || content.isEmpty(allEntries);
    if (!ours)
        return failure(ErrorCode::Conflict,
            u"data directory %1 holds other files and is open to other users; choose an empty one "
            "or make it private (chmod 700)"_s.arg(path));
    if (::chmod(QFile::encodeName(path).constData(), 0700) == 0)
        return {};
    return failure(ErrorCode::Unavailable,
        u"data directory %1 cannot be made private: %2"_s.arg(path, reason()));
}

} // namespace

Result<DataDirectory> DataDirectory::lock(const QString& path)
{
    const QString absolute = QDir::cleanPath(QFileInfo(path).absoluteFilePath());
    if (Result<void> created = create(absolute); !created)
        return tl::unexpected(created.error());
    if (Result<void> closed = makePrivate(absolute); !closed)
        return tl::unexpected(closed.error());
    const QString file = lockPath(absolute);
    const int descriptor = ::open(
        QFile::encodeName(file).constData(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return failure(ErrorCode::Unavailable,
            u"data directory %1 is not writable: %2"_s.arg(absolute, reason()));
    DataDirectory directory(absolute, descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return failure(ErrorCode::Conflict,
                u"data directory %1 is in use by another gatehouse process"_s.arg(absolute));
        return failure(ErrorCode::Unavailable,
            u"data directory %1 cannot be locked: %2"_s.arg(absolute, reason()));
    }
    directory.writeLock({}); // what an earlier holder said is over
    return directory;
}

void DataDirectory::announceServer()
{
    writeLock(QByteArray::number(qint64(::getpid())) + '\n');
}

qint64 DataDirectory::servingProcess(const QString& path)
{
    QFile file(lockPath(path));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    if (::flock(file.handle(), LOCK_SH | LOCK_NB) == 0)
        return 0; // nobody holds it
    return std::max<qint64>(file.readAll().trimmed().toLongLong(), 0);
}

/// For programs beside the server only; if it cannot be written, they find nobody.
void DataDirectory::writeLock(const QByteArray& text)
{
    if (::ftruncate(m_descriptor, 0) == 0 && !text.isEmpty())
        (void)!::pwrite(m_descriptor, text.constData(), size_t(text.size()), 0);
}

DataDirectory::DataDirectory(QString path, int descriptor)
    : m_path(std::move(path)), m_descriptor(descriptor)
{
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : m_path(std::move(other.m_path)), m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

DataDirectory::~DataDirectory()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

QString DataDirectory::databasePath(const QString& path)
{
    return path + u'/' + databaseName;
}

} // namespace gatehouse::store
