// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>

namespace gatehouse::test {

/// A key and a self-signed certificate for localhost and 127.0.0.1, made on the spot (ECDSA P-256,
/// valid for a day).
struct SelfSigned
{
    QByteArray certificatePem;
    QByteArray keyPem;

    QSslCertificate certificate() const;
    QSslKey key() const;
    QSslConfiguration serverConfiguration() const;
};

SelfSigned makeSelfSigned(const QByteArray& commonName = "localhost");

} // namespace gatehouse::test
