// SPDX-License-Identifier: Apache-2.0
#include "server/app/revocations.h"

#include "server/observe/log.h"
#include "server/store/await.h"
#include "server/store/store.h"

#include <QDataStream>
#include <QIODevice>

namespace gatehouse::app {

namespace {

constexpr Millis retryPause{5'000};

QString keyOf(const QString& profile)
{
    return QStringLiteral("claims.revoked.") + profile;
}

QByteArray packed(const QHash<QByteArray, Millis>& revocations)
{
    QByteArray octets;
    QDataStream out(&octets, QIODevice::WriteOnly);
    out.setVersion(QDataStream::Qt_6_0);
    for (auto it = revocations.cbegin(); it != revocations.cend(); ++it)
        out << it.key() << qint64(it->count());
    return octets;
}

} // namespace

Result<void> Revocations::load(store::Store& store, const ClaimVerifiers& verifiers)
{
    for (const auto& [name, verifier] : verifiers) {
        const auto kept = store::await<QByteArray>(
            [&, key = keyOf(name)](auto done) { store.setting(key, std::move(done)); });
        if (!kept && kept.error().code == ErrorCode::NotFound)
            continue;
        if (!kept)
            return tl::unexpected(kept.error());
        QDataStream in(*kept);
        in.setVersion(QDataStream::Qt_6_0);
        while (!in.atEnd()) {
            QByteArray hash;
            qint64 until = 0;
            in >> hash >> until;
            if (in.status() != QDataStream::Ok)
                return failure(ErrorCode::Internal, keyOf(name) + QStringLiteral(" is damaged"));
            verifier->addRevocation(hash, Millis{until});
        }
    }
    return {};
}

Revocations::Revocations(store::Store& store, const ClaimVerifiers& verifiers)
    : m_store(store), m_verifiers(verifiers)
{
    m_timer.setSingleShot(true);
    m_timer.callOnTimeout([this] { flush(); });
    for (const auto& [name, verifier] : verifiers) {
        verifier->setRevoked([this, name = name] {
            m_changed.insert(name);
            if (!m_timer.isActive())
                m_timer.start(Millis{0});
        });
        verifier->setKeeper([this, name = name](access::ProfileVerifier::Kept done) {
            m_changed.remove(name);
            save(name, std::move(done));
        });
    }
}

Revocations::~Revocations()
{
    for (const auto& [name, verifier] : m_verifiers) {
        verifier->setRevoked({});
        verifier->setKeeper({});
    }
}

void Revocations::flush()
{
    for (const QString& name : std::exchange(m_changed, {}))
        save(name, {});
}

void Revocations::save(const QString& name, access::ProfileVerifier::Kept done)
{
    m_store.saveSetting(keyOf(name), packed(m_verifiers.at(name)->revocations()),
        [this, alive = std::weak_ptr(m_alive), name, done = std::move(done)](
            const Result<void>& saved) {
            if (!alive.expired())
                wasSaved(name, saved);
            if (done)
                done(saved);
        });
}

// A database that is away for a moment must not bring a revoked token back at the next start.
void Revocations::wasSaved(const QString& name, const Result<void>& saved)
{
    if (saved) {
        m_failing.remove(name);
        return;
    }
    m_changed.insert(name);
    m_timer.start(retryPause);
    if (m_failing.contains(name))
        return; // it was said
    m_failing.insert(name);
    observe::log(observe::Level::Error, observe::category::auth,
        QStringLiteral(
            "What was revoked of %1 is not on disk yet, and would be forgotten with this "
            "process: %2")
            .arg(name, saved.error().detail));
}

} // namespace gatehouse::app
