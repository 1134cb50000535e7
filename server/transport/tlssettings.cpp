// SPDX-License-Identifier: Apache-2.0
#include "server/transport/tlssettings.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslKey>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

namespace gatehouse::transport {

namespace {

Result<QByteArray> readFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return failure(ErrorCode::BadRequest,
            QStringLiteral("cannot read %1: %2").arg(path, file.errorString()));
    return file.readAll();
}

QSslKey parseKey(const QByteArray& pem)
{
    for (const QSsl::KeyAlgorithm algorithm : std::array{QSsl::Rsa, QSsl::Ec}) {
        QSslKey key(pem, algorithm, QSsl::Pem);
        if (!key.isNull())
            return key;
    }
    return {};
}

template <auto Free>
struct FreeWith
{
    void operator()(auto* object) const { Free(object); }
};

/// Qt would only find out at the first handshake.
bool belongTogether(const QByteArray& certificatePem, const QByteArray& keyPem)
{
    const auto bio = [](const QByteArray& pem) {
        return std::unique_ptr<BIO, FreeWith<BIO_free>>(
            BIO_new_mem_buf(pem.constData(), int(pem.size())));
    };
    const std::unique_ptr<X509, FreeWith<X509_free>> certificate(
        PEM_read_bio_X509(bio(certificatePem).get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>> key(
        PEM_read_bio_PrivateKey(bio(keyPem).get(), nullptr, nullptr, nullptr));
    return certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
}

} // namespace

Result<QSslConfiguration> loadTls(const TlsOptions& options)
{
    const auto certificatePem = readFile(options.certificateFile);
    if (!certificatePem)
        return tl::unexpected(certificatePem.error());
    const auto keyPem = readFile(options.keyFile);
    if (!keyPem)
        return tl::unexpected(keyPem.error());

    const QList<QSslCertificate> chain = QSslCertificate::fromData(*certificatePem, QSsl::Pem);
    if (chain.isEmpty())
        return failure(ErrorCode::BadRequest,
            QStringLiteral("%1 holds no PEM certificate").arg(options.certificateFile));
    const QSslKey key = parseKey(*keyPem);
    if (key.isNull())
        return failure(ErrorCode::BadRequest,
            QStringLiteral("%1 holds no RSA or EC key in PEM without pass phrase")
                .arg(options.keyFile));
    if (!belongTogether(*certificatePem, *keyPem))
        return failure(ErrorCode::BadRequest,
            QStringLiteral("the key in %1 does not belong to the certificate in %2")
                .arg(options.keyFile, options.certificateFile));

    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setLocalCertificateChain(chain);
    configuration.setPrivateKey(key);
    configuration.setProtocol(QSsl::TlsV1_2OrLater);
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
    configuration.setAllowedNextProtocols({QByteArrayLiteral("http/1.1")});
    return configuration;
}

} // namespace gatehouse::transport
