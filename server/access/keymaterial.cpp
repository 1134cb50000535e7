// SPDX-License-Identifier: Apache-2.0
#include "server/access/keymaterial.h"

#include "common/core/strictjson.h"
#include "server/access/base64url.h"

#include <QString>

#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>

namespace gatehouse::access {

namespace {

constexpr int minSecretOctets = 16;
constexpr int minRsaBits = 2048;
constexpr int maxRsaBits = 8192; // a larger one is a way to burn our time
constexpr qsizetype p256Octets = 32;

template <auto release>
struct Releaser
{
    template <class T>
    void operator()(T* pointer) const
    {
        release(pointer);
    }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Releaser<BIO_free>>;
using BigPtr = std::unique_ptr<BIGNUM, Releaser<BN_free>>;
using CertificatePtr = std::unique_ptr<X509, Releaser<X509_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;
using JwkPtr = std::unique_ptr<cjose_jwk_t, Releaser<cjose_jwk_release>>;
using TextPtr = std::unique_ptr<char, Releaser<std::free>>; // cjose's default allocator
using JwsPtr = std::unique_ptr<cjose_jws_t, Releaser<cjose_jws_release>>;

/// HS256, RS256, ES256. The type of `jwk` fits the algorithm; cjose refuses any other pair as well.
class CjoseKey final : public Key
{
public:
    CjoseKey(Algorithm algorithm, KeyBinding binding, JwkPtr jwk)
        : Key(algorithm, std::move(binding), materialOf(jwk.get())), m_jwk(std::move(jwk))
    {
    }

    bool verifies(
        const QByteArray& token, QByteArrayView, const QByteArray& signature) const override
    {
        if (algorithm() == Algorithm::ES256 && signature.size() != 2 * p256Octets)
            return false;
        cjose_err error{};
        const JwsPtr jws(cjose_jws_import(token.constData(), size_t(token.size()), &error));
        const bool good = jws && cjose_jws_verify(jws.get(), m_jwk.get(), &error);
        ERR_clear_error();
        return good;
    }

private:
    static QByteArray materialOf(const cjose_jwk_t* jwk)
    {
        cjose_err error{};
        const bool isSymmetric = cjose_jwk_get_kty(jwk, &error) == CJOSE_JWK_KTY_OCT;
        const TextPtr json(cjose_jwk_to_json(jwk, isSymmetric, &error));
        return QByteArray(json.get());
    }

    JwkPtr m_jwk;
};

/// EdDSA over Ed25519, which cjose does not know.
class Ed25519Key final : public Key
{
public:
    Ed25519Key(KeyBinding binding, PkeyPtr key)
        : Key(Algorithm::EdDSA, std::move(binding), materialOf(key.get())), m_key(std::move(key))
    {
    }

    bool verifies(
        const QByteArray&, QByteArrayView signedPart, const QByteArray& signature) const override
    {
        const DigestPtr context(EVP_MD_CTX_new());
        const bool good = context
            && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, m_key.get()) == 1
            && EVP_DigestVerify(context.get(),
                   reinterpret_cast<const unsigned char*>(signature.constData()),
                   size_t(signature.size()),
                   reinterpret_cast<const unsigned char*>(signedPart.data()),
                   size_t(signedPart.size()))
                == 1;
        ERR_clear_error();
        return good;
    }

private:
    static QByteArray materialOf(const EVP_PKEY* key)
    {
        size_t size = 32;
        QByteArray raw(qsizetype(size), '\0');
        EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size);
        return raw;
    }

    PkeyPtr m_key;
};

tl::unexpected<Error> badKey(const QString& why)
{
    ERR_clear_error();
    return failure(ErrorCode::BadRequest, why);
}

uint8_t* octets(QByteArray& bytes)
{
    return reinterpret_cast<uint8_t*>(bytes.data());
}

QByteArray bigParameter(const EVP_PKEY* key, const char* name, int padTo = 0)
{
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1)
        return {};
    const BigPtr number(raw);
    QByteArray bytes(padTo > 0 ? padTo : BN_num_bytes(number.get()), '\0');
    if (BN_bn2binpad(number.get(), octets(bytes), int(bytes.size())) < 0)
        return {};
    return bytes;
}

Result<KeyPtr> rsaKey(const EVP_PKEY* key, KeyBinding binding)
{
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < minRsaBits || bits > maxRsaBits)
        return badKey(QStringLiteral("RSA key of %1 bits, need %2 to %3")
                          .arg(bits)
                          .arg(minRsaBits)
                          .arg(maxRsaBits));
    QByteArray modulus = bigParameter(key, OSSL_PKEY_PARAM_RSA_N);
    QByteArray exponent = bigParameter(key, OSSL_PKEY_PARAM_RSA_E);
    cjose_jwk_rsa_keyspec spec{};
    spec.n = octets(modulus);
    spec.nlen = size_t(modulus.size());
    spec.e = octets(exponent);
    spec.elen = size_t(exponent.size());
    cjose_err error{};
    JwkPtr jwk(cjose_jwk_create_RSA_spec(&spec, &error));
    if (!jwk)
        return badKey(QStringLiteral("unusable RSA key"));
    return std::make_shared<CjoseKey>(Algorithm::RS256, std::move(binding), std::move(jwk));
}

Result<KeyPtr> ecKey(const EVP_PKEY* key, KeyBinding binding)
{
    char group[64] = {};
    size_t length = 0;
    if (EVP_PKEY_get_utf8_string_param(
            key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &length)
            != 1
        || QByteArrayView(group) != QByteArrayView("prime256v1"))
        return badKey(QStringLiteral("elliptic curve key that is not on P-256"));
    QByteArray x = bigParameter(key, OSSL_PKEY_PARAM_EC_PUB_X, p256Octets);
    QByteArray y = bigParameter(key, OSSL_PKEY_PARAM_EC_PUB_Y, p256Octets);
    if (x.isEmpty() || y.isEmpty())
        return badKey(QStringLiteral("elliptic curve key without its public half"));
    cjose_jwk_ec_keyspec spec{};
    spec.crv = CJOSE_JWK_EC_P_256;
    spec.x = octets(x);
    spec.xlen = size_t(x.size());
    spec.y = octets(y);
    spec.ylen = size_t(y.size());
    cjose_err error{};
    JwkPtr jwk(cjose_jwk_create_EC_spec(&spec, &error));
    if (!jwk)
        return badKey(QStringLiteral("unusable elliptic curve key"));
    return std::make_shared<CjoseKey>(Algorithm::ES256, std::move(binding), std::move(jwk));
}

/// Keycloak's realm page shows a public key as bare base64, without its armour.
QByteArray withArmour(const QByteArray& pem)
{
    if (pem.contains("-----BEGIN"))
        return pem;
    return "-----BEGIN PUBLIC KEY-----\n" + pem.trimmed() + "\n-----END PUBLIC KEY-----\n";
}

PkeyPtr readPem(const QByteArray& text)
{
    const QByteArray pem = withArmour(text);
    // An encrypted key must fail, not ask on the terminal.
    const auto noPassword = [](char*, int, int, void*) { return -1; };
    const auto source
        = [&pem] { return BioPtr(BIO_new_mem_buf(pem.constData(), int(pem.size()))); };
    if (PkeyPtr key{PEM_read_bio_PUBKEY(source().get(), nullptr, noPassword, nullptr)})
        return key;
    if (PkeyPtr key{PEM_read_bio_PrivateKey(source().get(), nullptr, noPassword, nullptr)})
        return key;
    const CertificatePtr certificate(
        PEM_read_bio_X509(source().get(), nullptr, noPassword, nullptr));
    return PkeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

Result<KeyPtr> rawEd25519Key(const QByteArray& publicKey, KeyBinding binding)
{
    PkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
        reinterpret_cast<const unsigned char*>(publicKey.constData()), size_t(publicKey.size())));
    if (!key)
        return badKey(QStringLiteral("unusable Ed25519 key"));
    return std::make_shared<Ed25519Key>(std::move(binding), std::move(key));
}

std::optional<QByteArray> textMember(QByteArrayView object, QByteArrayView name)
{
    const auto raw = rawMember(object, name);
    return raw ? jsonText(*raw) : std::nullopt;
}

std::optional<Algorithm> algorithmOfJwk(QByteArrayView jwk)
{
    const QByteArray type = textMember(jwk, "kty").value_or(QByteArray());
    const QByteArray curve = textMember(jwk, "crv").value_or(QByteArray());
    if (type == "RSA")
        return Algorithm::RS256;
    if (type == "EC" && curve == "P-256")
        return Algorithm::ES256;
    if (type == "OKP" && curve == "Ed25519")
        return Algorithm::EdDSA;
    if (type == "oct")
        return Algorithm::HS256;
    return std::nullopt;
}

bool isForSignatures(QByteArrayView jwk, Algorithm algorithm)
{
    if (rawMember(jwk, "use") && textMember(jwk, "use") != QByteArray("sig"))
        return false;
    const auto stated = rawMember(jwk, "alg");
    return !stated || jsonText(*stated) == QByteArray(name(algorithm).data());
}

} // namespace

Result<KeyPtr> keyFromSecret(const QByteArray& secret, KeyBinding binding)
{
    if (secret.size() < minSecretOctets)
        return badKey(QStringLiteral("secret of %1 octets, need at least %2")
                          .arg(secret.size())
                          .arg(minSecretOctets));
    cjose_err error{};
    JwkPtr jwk(cjose_jwk_create_oct_spec(
        reinterpret_cast<const uint8_t*>(secret.constData()), size_t(secret.size()), &error));
    if (!jwk)
        return badKey(QStringLiteral("unusable secret"));
    return std::make_shared<CjoseKey>(Algorithm::HS256, std::move(binding), std::move(jwk));
}

Result<KeyPtr> keyFromPem(const QByteArray& pem, KeyBinding binding)
{
    PkeyPtr key = readPem(pem);
    if (!key)
        return badKey(QStringLiteral("no readable PEM public key, private key or certificate"));
    switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
        return rsaKey(key.get(), std::move(binding));
    case EVP_PKEY_EC:
        return ecKey(key.get(), std::move(binding));
    case EVP_PKEY_ED25519:
        ERR_clear_error();
        return std::make_shared<Ed25519Key>(std::move(binding), std::move(key));
    default:
        return badKey(QStringLiteral("key is neither RSA, P-256 nor Ed25519"));
    }
}

Result<KeyPtr> keyFromJwk(QByteArrayView jwk, KeyBinding binding)
{
    const auto algorithm = algorithmOfJwk(jwk);
    if (!algorithm || !isForSignatures(jwk, *algorithm))
        return KeyPtr();
    binding.kid = textMember(jwk, "kid").value_or(QByteArray());
    if (*algorithm == Algorithm::HS256) {
        const auto secret = decodeBase64Url(textMember(jwk, "k").value_or(QByteArray()));
        return keyFromSecret(secret.value_or(QByteArray()), std::move(binding));
    }
    if (*algorithm == Algorithm::EdDSA) {
        const auto publicKey = decodeBase64Url(textMember(jwk, "x").value_or(QByteArray()));
        return rawEd25519Key(publicKey.value_or(QByteArray()), std::move(binding));
    }
    cjose_err error{};
    JwkPtr key(cjose_jwk_import(jwk.data(), size_t(jwk.size()), &error));
    if (!key)
        return badKey(QStringLiteral("JWK is incomplete or inconsistent"));
    if (*algorithm == Algorithm::RS256) {
        const auto bits = cjose_jwk_get_keysize(key.get(), &error);
        if (bits < size_t(minRsaBits) || bits > size_t(maxRsaBits))
            return badKey(QStringLiteral("RSA key of %1 bits").arg(bits));
    }
    ERR_clear_error();
    return std::make_shared<CjoseKey>(*algorithm, std::move(binding), std::move(key));
}

bool holdsPrivateKey(QByteArrayView pem)
{
    return pem.contains("PRIVATE KEY-----");
}

bool holdsSecret(QByteArrayView jwk)
{
    return rawMember(jwk, "d") || rawMember(jwk, "k");
}

} // namespace gatehouse::access
