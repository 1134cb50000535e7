// SPDX-License-Identifier: Apache-2.0
#include "server/work/entities.h"

#include <QCryptographicHash>

namespace gatehouse::work {

QByteArray apiKeyHash(QByteArrayView apiKey)
{
    return QCryptographicHash::hash(apiKey, QCryptographicHash::Sha256).toHex();
}

} // namespace gatehouse::work
