// SPDX-License-Identifier: Apache-2.0
#include "server/app/revocations.h"

#include "server/observe/log.h"
#include "server/store/await.h"
#include "server/store/store.h"

#include <QDataStream>
#include <QIODevice>

namespace gatehouse::app {

namespace {

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
            [&, key = keyOf(name)](auto done) { store.takeSetting(key, std::move(done)); });
        if (!kept && kept.error().code == ErrorCode::NotFound)
            continue;
        if (!kept)
            return tl::unexpected(kept.error());
        const auto back = store::await<void>(
            [&, key = keyOf(name)](auto done) { store.saveSetting(key, *kept, std::move(done)); });
        if (!back)
            return back;
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
    }
}

Revocations::~Revocations()
{
    for (const auto& [name, verifier] : m_verifiers)
        verifier->setRevoked({});
}

void Revocations::flush()
{
    for (const QString& name : std::exchange(m_changed, {})) {
        m_store.saveSetting(keyOf(name), packed(m_verifiers.at(name)->revocations()),
            [name](const Result<void>& saved) {
                if (saved)
                    return;
                observe::log(observe::Level::Error, observe::category::auth,
                    QStringLiteral("What was revoked of %1 is not on disk, and forgotten with this "
                                   "process: %2")
                        .arg(name, saved.error().detail));
            });
    }
}

} // namespace gatehouse::app
