// SPDX-License-Identifier: Apache-2.0
#include "server/access/secrets.h"

#include "server/access/base64url.h"

#include <QFile>
#include <QUuid>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::access {

namespace {

constexpr qint64 maxSecretFileBytes = 64 * 1024;

/// A descriptor that is closed when it goes out of sight.
class Descriptor
{
public:
    explicit Descriptor(int fd) : m_fd(fd) { }
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Q_DISABLE_COPY_MOVE(Descriptor)
    int get() const { return m_fd; }

private:
    int m_fd;
};

tl::unexpected<Error> fileFailure(ErrorCode code, const QString& path, const QString& why)
{
    return failure(code, path + QStringLiteral(": ") + why);
}

tl::unexpected<Error> systemFailure(const QString& path)
{
    const int number = errno;
    const auto code = number == ENOENT ? ErrorCode::NotFound
        : number == EEXIST             ? ErrorCode::Conflict
        : number == EACCES             ? ErrorCode::Forbidden
                                       : ErrorCode::Unavailable;
    return fileFailure(code, path, QString::fromLocal8Bit(std::strerror(number)));
}

Result<QByteArray> readAll(int fd, const QString& path)
{
    QByteArray content;
    char chunk[4096];
    for (;;) {
        const ssize_t got = ::read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return systemFailure(path);
        if (got == 0)
            return content;
        content.append(chunk, got);
        if (content.size() > maxSecretFileBytes)
            return fileFailure(
                ErrorCode::BadRequest, path, QStringLiteral("too large for a secret"));
    }
}

bool writeAll(int fd, QByteArrayView content)
{
    while (!content.isEmpty()) {
        const ssize_t put = ::write(fd, content.data(), size_t(content.size()));
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0)
            content = content.sliced(put);
    }
    return ::fsync(fd) == 0;
}

} // namespace

QByteArray randomBytes(qsizetype count)
{
    QByteArray octets(count, Qt::Uninitialized);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(octets.data()), int(count)) != 1)
        qFatal("the system's random generator does not work");
    return octets;
}

QByteArray randomToken(qsizetype octets)
{
    return encodeBase64Url(randomBytes(octets));
}

QByteArray randomUuid()
{
    QByteArray octets = randomBytes(16);
    octets[6] = char((octets[6] & 0x0f) | 0x40);
    octets[8] = char((octets[8] & 0x3f) | 0x80);
    return QUuid::fromRfc4122(octets).toByteArray(QUuid::WithoutBraces);
}

QString oneTimePassword()
{
    // 31 characters nobody mixes up; an octet above the largest multiple of 31 is thrown away.
    constexpr QByteArrayView alphabet("ABCDEFGHJKMNPQRSTUVWXYZ23456789");
    constexpr int groups = 5;
    constexpr int groupSize = 5;
    const auto usable = uchar(256 - 256 % alphabet.size());
    QString password;
    for (int count = 0; count < groups * groupSize;) {
        const auto octet = uchar(randomBytes(1).at(0));
        if (octet >= usable)
            continue;
        if (count > 0 && count % groupSize == 0)
            password += QLatin1Char('-');
        password += QLatin1Char(alphabet[octet % alphabet.size()]);
        ++count;
    }
    return password;
}

bool equalsInConstantTime(QByteArrayView a, QByteArrayView b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), size_t(a.size())) == 0;
}

Result<SecretFile> readSecretFile(const QString& path)
{
    const Descriptor fd(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC));
    struct stat info
    {
    };
    if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0)
        return systemFailure(path);
    if (!S_ISREG(info.st_mode))
        return fileFailure(ErrorCode::BadRequest, path, QStringLiteral("not a file"));
    const QString mode = QString::number(info.st_mode & 0777, 8);
    if (info.st_mode & (S_IWGRP | S_IRWXO))
        return fileFailure(ErrorCode::Forbidden, path,
            QStringLiteral("mode %1 lets others at a secret; use chmod 600").arg(mode));
    auto content = readAll(fd.get(), path);
    if (!content)
        return tl::unexpected(content.error());
    SecretFile file;
    if (info.st_mode & S_IRGRP)
        file.warnings.append(path + QStringLiteral(": its group may read this secret (mode ") + mode
            + QLatin1Char(')'));
    file.content = std::move(*content);
    while (file.content.endsWith('\n') || file.content.endsWith('\r'))
        file.content.chop(1);
    if (file.content.isEmpty())
        return fileFailure(ErrorCode::BadRequest, path, QStringLiteral("empty"));
    return file;
}

Result<void> createSecretFile(const QString& path, const QByteArray& content)
{
    const QByteArray name = QFile::encodeName(path);
    const Descriptor fd(
        ::open(name.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd.get() < 0)
        return systemFailure(path);
    if (!writeAll(fd.get(), QByteArray(content + '\n'))) {
        const auto failed = systemFailure(path);
        ::unlink(name.constData()); // half a secret is worse than none
        return failed;
    }
    return {};
}

Result<SecretFile> readOrCreateSecretFile(const QString& path)
{
    auto existing = readSecretFile(path);
    if (existing || existing.error().code != ErrorCode::NotFound)
        return existing;
    if (const auto created = createSecretFile(path, randomToken()); !created) {
        // Another process may have been quicker.
        if (created.error().code != ErrorCode::Conflict)
            return tl::unexpected(created.error());
    }
    return readSecretFile(path);
}

} // namespace gatehouse::access
