// SPDX-License-Identifier: Apache-2.0
#include "tests/server/access/testkeys.h"

#include <QMessageAuthenticationCode>
#include <QString>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace gatehouse::access::test {

namespace {

PkeyPtr owned(EVP_PKEY* key)
{
    if (!key)
        qFatal("no test key");
    return PkeyPtr(key, EVP_PKEY_free);
}

template <class Write>
QByteArray throughBio(Write write)
{
    BIO* bio = BIO_new(BIO_s_mem());
    if (write(bio) != 1)
        qFatal("could not write a PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    QByteArray text(data, size);
    BIO_free(bio);
    return text;
}

QByteArray number(const PkeyPtr& key, const char* name, int size = 0)
{
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key.get(), name, &value);
    QByteArray octets(size > 0 ? size : BN_num_bytes(value), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(octets.data()), int(octets.size()));
    BN_free(value);
    return octets;
}

/// DER to r || s, each in 32 octets.
QByteArray joseSignature(const QByteArray& der)
{
    const auto* at = reinterpret_cast<const unsigned char*>(der.constData());
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, long(der.size()));
    QByteArray octets(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(octets.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
    ECDSA_SIG_free(signature);
    return octets;
}

} // namespace

PkeyPtr makeRsaKey(int bits)
{
    return owned(EVP_RSA_gen(static_cast<unsigned int>(bits)));
}

PkeyPtr makeEcKey(const char* curve)
{
    return owned(EVP_EC_gen(curve));
}

PkeyPtr makeP256Key()
{
    return makeEcKey("P-256");
}

PkeyPtr makeEd25519Key()
{
    return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

QByteArray publicPem(const PkeyPtr& key)
{
    return throughBio([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key.get()); });
}

QByteArray privatePem(const PkeyPtr& key)
{
    return throughBio([&](BIO* bio) {
        return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

QByteArray certificatePem(const PkeyPtr& key)
{
    X509* certificate = X509_new();
    X509_set_pubkey(certificate, key.get());
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_sign(certificate, key.get(), EVP_sha256());
    const QByteArray text
        = throughBio([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
    X509_free(certificate);
    return text;
}

QByteArray publicJwk(const PkeyPtr& key, const QByteArray& members)
{
    QByteArray jwk;
    if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA) {
        jwk = R"({"kty":"RSA","n":")" + base64Url(number(key, OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")"
            + base64Url(number(key, OSSL_PKEY_PARAM_RSA_E)) + '"';
    } else if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC) {
        jwk = R"({"kty":"EC","crv":"P-256","x":")"
            + base64Url(number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32)) + R"(","y":")"
            + base64Url(number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32)) + '"';
    } else {
        unsigned char raw[32];
        size_t size = sizeof raw;
        EVP_PKEY_get_raw_public_key(key.get(), raw, &size);
        jwk = R"({"kty":"OKP","crv":"Ed25519","x":")"
            + base64Url(QByteArray(reinterpret_cast<const char*>(raw), qsizetype(size))) + '"';
    }
    if (!members.isEmpty())
        jwk += ',' + members;
    return jwk + '}';
}

QByteArray base64Url(const QByteArray& octets)
{
    return octets.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

QByteArray signedPart(const QByteArray& header, const QByteArray& payload)
{
    return base64Url(header) + '.' + base64Url(payload);
}

QByteArray hmacToken(const QByteArray& header, const QByteArray& payload, const QByteArray& secret)
{
    const QByteArray part = signedPart(header, payload);
    return part + '.'
        + base64Url(QMessageAuthenticationCode::hash(part, secret, QCryptographicHash::Sha256));
}

QByteArray signedToken(const QByteArray& header, const QByteArray& payload, const PkeyPtr& key)
{
    const QByteArray part = signedPart(header, payload);
    const int type = EVP_PKEY_get_base_id(key.get());
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(
        context, nullptr, type == EVP_PKEY_ED25519 ? nullptr : EVP_sha256(), nullptr, key.get());
    size_t size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(part.constData());
    EVP_DigestSign(context, nullptr, &size, data, size_t(part.size()));
    QByteArray signature(qsizetype(size), '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, data,
        size_t(part.size()));
    EVP_MD_CTX_free(context);
    signature.truncate(qsizetype(size));
    if (type == EVP_PKEY_EC)
        signature = joseSignature(signature);
    return part + '.' + base64Url(signature);
}

} // namespace gatehouse::access::test
