// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"

#include <QHash>
#include <QString>

#include <deque>
#include <list>
#include <optional>

namespace gatehouse::access {

struct LoginLimiterOptions
{
    int maxFailures = 10; ///< within the window; the next try is refused
    /// Of an address, whatever the accounts: people behind one address share it, so that a mistyped
    /// password of one must not lock out the others. None: maxFailures.
    std::optional<int> maxAddressFailures{};
    Millis window{15 * 60'000};
    Millis lockFor{15 * 60'000}; ///< from the failure that was one too many
    qsizetype maxEntries = 20'000; ///< of addresses, and again of accounts
};

/// Counts failed logins and failed tokens, per address and per account, and says when it is enough.
/// An IPv6 address counts with its /64 network. Memory is bounded: the entry not touched for the
/// longest goes first, a locked one last. Tries still under way do not count yet: whoever asks many
/// at once gets as many more as the PasswordHasher takes (threads and waiting, 66 by default).
/// Network thread only; time by the Clock's monotonic face.
class LoginLimiter
{
public:
    LoginLimiter(LoginLimiterOptions options, const Clock& clock);

    /// RateLimited when the address or the account is locked. Ask before any costly check; leave
    /// `account` empty where there is none (tokens).
    Result<void> check(const QString& address, const QString& account = {}) const;

    /// How much longer; zero when neither is locked.
    Millis lockedFor(const QString& address, const QString& account = {}) const;

    /// True when this failure locked the address or the account: time for one log record.
    bool recordFailure(const QString& address, const QString& account = {});

    /// Forgets the account's failures; not the address's, else one good account would wash away
    /// guesses at all others.
    void recordSuccess(const QString& account);

    qsizetype entries() const { return m_addresses.size() + m_accounts.size(); }

private:
    struct Entry
    {
        std::deque<Millis> failures; ///< within the window, oldest first
        Millis lockedUntil{};
        std::list<QString>::iterator age;
    };
    struct Table
    {
        QHash<QString, Entry> entries;
        std::list<QString> ages; ///< least recently touched first
        qsizetype size() const { return entries.size(); }
    };

    static Millis lockedFor(const Table& table, const QString& key, Millis now);
    bool fail(Table& table, const QString& key, int maxFailures, Millis now) const;
    void makeRoom(Table& table, Millis now) const;

    LoginLimiterOptions m_options;
    const Clock& m_clock;
    Table m_addresses;
    Table m_accounts;
};

} // namespace gatehouse::access
