// SPDX-License-Identifier: Apache-2.0
#include "server/api/idempotency.h"

#include <QCryptographicHash>

namespace gatehouse::api {

namespace {

constexpr qsizetype maxIdempotencyKey = 255;

} // namespace

Result<std::optional<work::IdempotencyKey>> idempotencyOf(const ApiCall& call)
{
    const protocol::HttpRequest& request = call.request();
    if (!request.headers.has("Idempotency-Key"))
        return std::nullopt;
    const QByteArray key = request.headers.value("Idempotency-Key");
    if (request.headers.count("Idempotency-Key") > 1 || key.isEmpty()
        || key.size() > maxIdempotencyKey)
        return failure(
            ErrorCode::BadRequest, QStringLiteral("The header Idempotency-Key has a wrong value"));
    QString client = access::name(call.principal().kind) + QLatin1Char(':')
        + QString::number(call.principal().id);
    if (call.caller().isContainer()) {
        const qint64 task
            = call.caller().claims.container.value(QLatin1String("task_id")).toInteger();
        client += QStringLiteral("/task:") + QString::number(task);
    }
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(QByteArray(request.method + ' ' + request.path.toUtf8() + '\n'));
    hash.addData(request.body);
    return work::IdempotencyKey{client, QString::fromLatin1(key), hash.result()};
}

} // namespace gatehouse::api
