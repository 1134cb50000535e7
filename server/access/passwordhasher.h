// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QObject>
#include <QThreadPool>

#include <atomic>
#include <functional>

namespace gatehouse::access {

/// argon2id, OWASP's second choice: about 60 ms of one core and 19 MiB per password.
struct PasswordParameters
{
    quint32 iterations = 2;
    quint32 memoryKiB = 19 * 1024;
    quint32 lanes = 1;
};

struct PasswordMatch
{
    bool matches = false;
    bool needsRehash = false; ///< right, but stored with weaker parameters than today's
};

/// A PHC string "$argon2id$v=19$m=…,t=…,p=…$salt$hash". Blocks the calling thread.
Result<QByteArray> hashPassword(
    const QByteArray& password, const PasswordParameters& parameters = {});

/// Blocks the calling thread. `stored` that is no argon2id string, or asks for more than 256 MiB,
/// 16 iterations or 8 lanes, matches nothing; an empty one costs as much as a real one, so that the
/// time does not tell whether an account exists.
PasswordMatch verifyPassword(const QByteArray& password, const QByteArray& stored,
    const PasswordParameters& parameters = {});

struct PasswordHasherOptions
{
    PasswordParameters parameters;
    int threads = 2;
    int maxWaiting = 64; ///< further ones are told RateLimited
    qsizetype maxPasswordBytes = 1'024;
};

/// Hashes and verifies in its own threads: at most two at once, else logins would be a way to eat
/// the memory. Lives in, and is called from, the network thread; callbacks come there, from the
/// event loop, unless `context` is gone by then. The destructor waits for what is running.
class PasswordHasher : public QObject
{
    Q_OBJECT
public:
    explicit PasswordHasher(PasswordHasherOptions options, QObject* parent = nullptr);
    ~PasswordHasher() override;

    void hash(
        const QByteArray& password, QObject* context, std::function<void(Result<QByteArray>)> done);
    void verify(const QByteArray& password, const QByteArray& stored, QObject* context,
        std::function<void(Result<PasswordMatch>)> done);

    int pending() const { return m_pending; } ///< running or waiting

private:
    template <class T>
    void run(std::function<Result<T>()> work, QObject* context, std::function<void(Result<T>)> done,
        qsizetype passwordBytes);

    PasswordHasherOptions m_options;
    QThreadPool m_pool;
    std::atomic<int> m_pending = 0;
};

} // namespace gatehouse::access
