// SPDX-License-Identifier: Apache-2.0
// The token verifier: accepts what one of its keys has signed and nothing else, whatever is
// changed. Input, by its first octet: 'r' a raw token; 's' a header, 0x1E and a payload, which get
// a true HS256 signature; 'm' the same after two octets (place and bits) that alter one octet of
// the signed token.
#include "server/access/base64url.h"
#include "server/access/tokenverifier.h"
#include "tests/fuzz/target.h"

#include <QMessageAuthenticationCode>

namespace gatehouse::fuzz {

using namespace access;

namespace {

const QByteArray secret("a secret that only this fuzz target knows");

// Public halves of keys nobody has: what is signed with them cannot come out of a fuzzer, so a
// token accepted by one of them is a forgery.
const QByteArray p256Pem(R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3LH004UB1WZL/5UGejL+XvbTA0Dr
LldydSlSld4l4SIbbRBFcJomUB0uSNJUxkjLBSLPQGD3CpLGnL/PXLQ7mA==
-----END PUBLIC KEY-----
)");
const QByteArray ed25519Pem(R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAaW9mvzXkzbTMgnnEaRC10/lYBDXi3+mv45UVCIv0TQ8=
-----END PUBLIC KEY-----
)");
const QByteArray rsaPem(R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvZ5KOpNCJBVX3XbIxhrf
pqHoXq9KsG+FxiqeqHuENe4kxZwRcUAaiK+ey5XOpP69w1v2W2j8P/km4vhwdMZ+
VJdwisqLaiHCp2NfTUPCsTdVdB9yAU0OXFkf6Sszz7PB4qn64BhiPwqkm0xHTUOa
x5Z6zzEfnTaiKpOIGMUuKVQuTnwmwTEmTO24bqOlGwidtHeMvHRfmEEbuPYXfK7b
FrqBxpg35aHwsIXy7EDC93uDda5xFwV3OmQ386U0MnWHYkqcCiumzfDNzNkNvgqt
vYOLO9mA2u7yNi0dc+O02EHoCms5Gn/UKzBq5vw6PG5BlOGB5d0a0Yyxt2O7MT7o
iwIDAQAB
-----END PUBLIC KEY-----
)");

KeySet keys()
{
    KeySet set;
    require(set.addSecret(secret, {.trust = KeyTrust::Full}).has_value(), "the secret is a key");
    require(set.addPem(p256Pem, {.kid = "e1", .audiences = {"gatehouse"}}).has_value(),
        "the EC key is a key");
    require(set.addPem(rsaPem, {.kid = "k1", .issuer = "https://a.example"}).has_value(),
        "the RSA key is a key");
    require(set.addPem(ed25519Pem).has_value(), "the Ed25519 key is a key");
    return set;
}

QByteArray base64Url(const QByteArray& octets)
{
    return octets.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

QByteArray macOf(const QByteArray& signedPart)
{
    return QMessageAuthenticationCode::hash(signedPart, secret, QCryptographicHash::Sha256);
}

QByteArray signedToken(const QByteArray& header, const QByteArray& payload)
{
    const QByteArray signedPart = base64Url(header) + '.' + base64Url(payload);
    return signedPart + '.' + base64Url(macOf(signedPart));
}

/// Made by the secret, octet for octet.
bool isTrue(const QByteArray& token)
{
    const qsizetype dot = token.lastIndexOf('.');
    return dot > 0 && token.sliced(dot + 1) == base64Url(macOf(token.first(dot)));
}

void checkClaims(const Claims& claims, const Clock& clock)
{
    require(claims.expiresAt.has_value() || claims.kind == TokenKind::Container,
        "a token ends some day");
    const Millis leeway = VerifierOptions{}.leeway;
    require(!claims.expiresAt || *claims.expiresAt + leeway > clock.wall(), "and has not yet");
    require(claims.notBefore <= clock.wall() + leeway && claims.issuedAt <= clock.wall() + leeway,
        "nor is it of the future");
    require(claims.subjectId > 0 || !claims.subject.isEmpty() || !claims.container.isEmpty(),
        "it speaks for somebody");
}

/// Verified twice: afresh and remembered.
void checkToken(const QByteArray& token)
{
    static const ManualClock clock;
    static const KeySet allKeys = keys();
    TokenVerifier verifier(allKeys, {}, clock);
    const Result<Claims> claims = verifier.verify(token);
    const Result<Claims> again = verifier.verify(token);
    require(claims.has_value() == again.has_value(), "a second look sees the same");
    require(verifier.cachedTokens() == (claims ? 1 : 0), "only what was accepted is remembered");
    if (!claims)
        return;
    require(isTrue(token), "only what a key of ours has signed is accepted");
    require(token.size() <= VerifierOptions{}.maxTokenBytes, "a token is within its limit");
    checkClaims(*claims, clock);
    require(again->payload == claims->payload, "what is remembered is the same");
}

void checkSigned(Input& in, bool isAltered)
{
    const size_t place = isAltered ? in.takeOctet() * 251U : 0U;
    const uchar bits = isAltered ? in.takeOctet() : uchar(0);
    const QByteArray header = in.takeUntil('\x1e');
    QByteArray token = signedToken(header, in.rest());
    if (isAltered) {
        const auto at = qsizetype(place % size_t(token.size()));
        token[at] = char(uchar(token[at]) ^ bits);
    }
    checkToken(token);
}

} // namespace

void checkInput(QByteArrayView input)
{
    Input in(input);
    const char mode = char(in.takeOctet());
    if (mode == 's' || mode == 'm')
        checkSigned(in, mode == 'm');
    else
        checkToken(in.rest());
    (void)TokenVerifier::bearerToken(input);
    if (const auto octets = decodeBase64Url(input))
        require(encodeBase64Url(*octets) == input, "base64url has one spelling");
}

} // namespace gatehouse::fuzz
