// SPDX-License-Identifier: Apache-2.0
#include "server/access/loginlimiter.h"

#include "common/core/networkkey.h"

#include <algorithm>

namespace gatehouse::access {

namespace {

constexpr qsizetype maxAccountLength = 256;
constexpr int roomAttempts = 16;

/// Accounts differ by more than case in no data base of ours.
QString accountKey(const QString& account)
{
    return account.left(maxAccountLength).toCaseFolded();
}

} // namespace

LoginLimiter::LoginLimiter(LoginLimiterOptions options, const Clock& clock)
    : m_options(options), m_clock(clock)
{
}

Result<void> LoginLimiter::check(const QString& address, const QString& account) const
{
    const Millis now = m_clock.monotonic();
    if (lockedFor(m_addresses, networkKey(address), now) > Millis{0})
        return failure(
            ErrorCode::RateLimited, QStringLiteral("too many failures from this address"));
    if (!account.isEmpty() && lockedFor(m_accounts, accountKey(account), now) > Millis{0})
        return failure(
            ErrorCode::RateLimited, QStringLiteral("too many failures for this account"));
    return {};
}

bool LoginLimiter::recordFailure(const QString& address, const QString& account)
{
    const Millis now = m_clock.monotonic();
    const bool lockedAddress = fail(m_addresses, networkKey(address),
        m_options.maxAddressFailures.value_or(m_options.maxFailures), now);
    const bool lockedAccount
        = !account.isEmpty() && fail(m_accounts, accountKey(account), m_options.maxFailures, now);
    return lockedAddress || lockedAccount;
}

void LoginLimiter::recordSuccess(const QString& account)
{
    const auto entry = m_accounts.entries.constFind(accountKey(account));
    if (entry == m_accounts.entries.constEnd())
        return;
    m_accounts.ages.erase(entry->age);
    m_accounts.entries.erase(entry);
}

Millis LoginLimiter::lockedFor(const QString& address, const QString& account) const
{
    const Millis now = m_clock.monotonic();
    const Millis ofAddress = lockedFor(m_addresses, networkKey(address), now);
    return account.isEmpty() ? ofAddress
                             : std::max(ofAddress, lockedFor(m_accounts, accountKey(account), now));
}

Millis LoginLimiter::lockedFor(const Table& table, const QString& key, Millis now)
{
    const auto entry = table.entries.constFind(key);
    return entry == table.entries.constEnd() ? Millis{0}
                                             : std::max(Millis{0}, entry->lockedUntil - now);
}

bool LoginLimiter::fail(Table& table, const QString& key, int maxFailures, Millis now) const
{
    auto entry = table.entries.find(key);
    if (entry == table.entries.end()) {
        makeRoom(table, now);
        entry = table.entries.insert(key, Entry{});
        entry->age = table.ages.insert(table.ages.end(), key);
    } else {
        table.ages.splice(table.ages.end(), table.ages, entry->age);
    }
    auto& failures = entry->failures;
    while (!failures.empty() && failures.front() + m_options.window <= now)
        failures.pop_front();
    failures.push_back(now);
    if (qsizetype(failures.size()) > maxFailures)
        failures.pop_front();
    if (now < entry->lockedUntil || qsizetype(failures.size()) < maxFailures)
        return false;
    entry->lockedUntil = now + m_options.lockFor;
    failures.clear();
    return true;
}

void LoginLimiter::makeRoom(Table& table, Millis now) const
{
    // A locked entry gets another round, so that a flood of new addresses does not unlock an
    // account; a bounded number of times, so that it does not cost the flood's length each time.
    for (int tries = 0; table.size() >= m_options.maxEntries; ++tries) {
        const auto oldest = table.entries.constFind(table.ages.front());
        if (now < oldest->lockedUntil && tries < roomAttempts) {
            table.ages.splice(table.ages.end(), table.ages, table.ages.begin());
            continue;
        }
        table.ages.pop_front();
        table.entries.erase(oldest);
    }
}

} // namespace gatehouse::access
