// SPDX-License-Identifier: Apache-2.0
#include "server/store/datadirectory.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

QString reason()
{
    return QString::fromLocal8Bit(std::strerror(errno));
}

/// Only the last folder of the path is private; those above it are somebody else's.
bool createPrivate(const QString& path)
{
    if (QFileInfo(path).isDir())
        return true;
    if (!QDir().mkpath(QFileInfo(path).absolutePath())) {
        errno = ENOENT;
        return false;
    }
    return ::mkdir(QFile::encodeName(path).constData(), 0700) == 0 || errno == EEXIST;
}

} // namespace

Result<DataDirectory> DataDirectory::lock(const QString& path)
{
    const QString absolute = QDir::cleanPath(QFileInfo(path).absoluteFilePath());
    if (!createPrivate(absolute))
        return failure(ErrorCode::Unavailable,
            u"data directory %1 cannot be created: %2"_s.arg(absolute, reason()));
    if (::chmod(QFile::encodeName(absolute).constData(), 0700) != 0)
        return failure(ErrorCode::Unavailable,
            u"data directory %1 cannot be made private: %2"_s.arg(absolute, reason()));
    const QString file = absolute + u"/gatehouse.lock"_s;
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
    return directory;
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

QString DataDirectory::databasePath() const
{
    return m_path + u"/gatehouse.sqlite"_s;
}

} // namespace gatehouse::store
