// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/connection/secretstore.h"

#include <qt6keychain/keychain.h>

namespace gatehouse::gui {

namespace {

const QString service = QStringLiteral("gatehouse-admin");

} // namespace

void KeyringSecretStore::read(const QString& id, QObject* context, ReadAnswer answer)
{
    auto* job = new QKeychain::ReadPasswordJob(service);
    job->setInsecureFallback(false);
    job->setKey(id);
    QObject::connect(job, &QKeychain::Job::finished, context,
        [job, answer = std::move(answer)] { answer(job->error() ? QString() : job->textData()); });
    job->start();
}

void KeyringSecretStore::write(
    const QString& id, const QString& secret, QObject* context, WriteAnswer answer)
{
    auto* job = new QKeychain::WritePasswordJob(service);
    job->setInsecureFallback(false);
    job->setKey(id);
    job->setTextData(secret);
    QObject::connect(job, &QKeychain::Job::finished, context,
        [job, answer = std::move(answer)] { answer(job->error() == QKeychain::NoError); });
    job->start();
}

void KeyringSecretStore::forget(const QString& id)
{
    auto* job = new QKeychain::DeletePasswordJob(service);
    job->setInsecureFallback(false);
    job->setKey(id);
    job->start();
}

} // namespace gatehouse::gui
