// SPDX-License-Identifier: Apache-2.0
#include "server/access/passwordhasher.h"

#include "server/access/secrets.h"

#include <QPointer>
#include <QThread>

#include <argon2.h>
#include <openssl/crypto.h>

#include <optional>

namespace gatehouse::access {

namespace {

constexpr uint32_t saltOctets = 16;
constexpr uint32_t hashOctets = 32;
constexpr quint32 maxMemoryKiB = 256 * 1024;
constexpr quint32 maxIterations = 16;
constexpr quint32 maxLanes = 8;
constexpr qsizetype maxStoredBytes = 512;

/// The value of "name=digits", all of it.
std::optional<quint32> numberAfter(QByteArrayView field, QByteArrayView prefix)
{
    bool ok = false;
    if (!field.startsWith(prefix))
        return std::nullopt;
    const quint32 value = field.sliced(prefix.size()).toByteArray().toUInt(&ok);
    return ok ? std::optional(value) : std::nullopt;
}

/// The cost a stored string asks for; nothing for any other format or beyond our bounds, so that a
/// forged string cannot make us burn memory.
std::optional<PasswordParameters> parametersOf(const QByteArray& stored)
{
    const QList<QByteArray> fields = stored.split('$');
    if (stored.size() > maxStoredBytes || fields.size() != 6 || !fields[0].isEmpty()
        || fields[1] != "argon2id" || fields[2] != "v=19")
        return std::nullopt;
    const QList<QByteArray> costs = fields[3].split(',');
    if (costs.size() != 3)
        return std::nullopt;
    const auto memory = numberAfter(costs[0], "m=");
    const auto iterations = numberAfter(costs[1], "t=");
    const auto lanes = numberAfter(costs[2], "p=");
    if (!memory || !iterations || !lanes || *memory > maxMemoryKiB || *iterations > maxIterations
        || *lanes > maxLanes)
        return std::nullopt;
    return PasswordParameters{*iterations, *memory, *lanes};
}

bool isWeaker(const PasswordParameters& stored, const PasswordParameters& today)
{
    return stored.memoryKiB < today.memoryKiB || stored.iterations < today.iterations;
}

/// Does the work of a verification and forgets it.
void spendTheSameTime(const QByteArray& password, const PasswordParameters& parameters)
{
    (void)hashPassword(password, parameters);
}

} // namespace

Result<QByteArray> hashPassword(const QByteArray& password, const PasswordParameters& parameters)
{
    const QByteArray salt = randomBytes(saltOctets);
    QByteArray encoded(qsizetype(argon2_encodedlen(parameters.iterations, parameters.memoryKiB,
                           parameters.lanes, saltOctets, hashOctets, Argon2_id)),
        '\0');
    const int outcome = argon2id_hash_encoded(parameters.iterations, parameters.memoryKiB,
        parameters.lanes, password.constData(), size_t(password.size()), salt.constData(),
        saltOctets, hashOctets, encoded.data(), size_t(encoded.size()));
    if (outcome != ARGON2_OK)
        return failure(ErrorCode::Internal, QString::fromLatin1(argon2_error_message(outcome)));
    encoded.truncate(qsizetype(qstrlen(encoded.constData())));
    return encoded;
}

PasswordMatch verifyPassword(
    const QByteArray& password, const QByteArray& stored, const PasswordParameters& parameters)
{
    const auto cost = parametersOf(stored);
    if (!cost) {
        spendTheSameTime(password, parameters);
        return {};
    }
    const bool matches
        = argon2id_verify(stored.constData(), password.constData(), size_t(password.size()))
        == ARGON2_OK;
    return {matches, matches && isWeaker(*cost, parameters)};
}

PasswordHasher::PasswordHasher(PasswordHasherOptions options, QObject* parent)
    : QObject(parent), m_options(options)
{
    m_pool.setMaxThreadCount(m_options.threads);
    m_pool.setObjectName(QStringLiteral("passwords"));
}

PasswordHasher::~PasswordHasher()
{
    m_pool.clear();
    m_pool.waitForDone();
}

void PasswordHasher::hash(
    const QByteArray& password, QObject* context, std::function<void(Result<QByteArray>)> done)
{
    run<QByteArray>(
        [password, cost = m_options.parameters] { return hashPassword(password, cost); }, context,
        std::move(done), password.size());
}

void PasswordHasher::verify(const QByteArray& password, const QByteArray& stored, QObject* context,
    std::function<void(Result<PasswordMatch>)> done)
{
    run<PasswordMatch>(
        [password, stored, cost = m_options.parameters] {
            return Result<PasswordMatch>(verifyPassword(password, stored, cost));
        },
        context, std::move(done), password.size());
}

template <class T>
void PasswordHasher::run(std::function<Result<T>()> work, QObject* context,
    std::function<void(Result<T>)> done, qsizetype passwordBytes)
{
    Q_ASSERT(QThread::currentThread() == thread());
    // The answer comes through our own event loop, where `context` may be looked at safely.
    const auto answer
        = [this, context = QPointer<QObject>(context), done = std::move(done)](Result<T> result) {
              QMetaObject::invokeMethod(
                  this,
                  [context, done, result = std::move(result)] {
                      if (context)
                          done(result);
                  },
                  Qt::QueuedConnection);
          };
    if (passwordBytes > m_options.maxPasswordBytes)
        return answer(failure(ErrorCode::TooLarge, QStringLiteral("password is too long")));
    if (m_pending >= m_options.threads + m_options.maxWaiting)
        return answer(failure(ErrorCode::RateLimited, QStringLiteral("too many logins at once")));
    ++m_pending;
    m_pool.start([this, work = std::move(work), answer] {
        auto result = work();
        // The salt made OpenSSL a generator for this thread, which it does not always find again
        // when the pool ends the thread.
        OPENSSL_thread_stop();
        --m_pending;
        answer(std::move(result));
    });
}

} // namespace gatehouse::access
