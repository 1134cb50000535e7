// SPDX-License-Identifier: Apache-2.0
#include "server/access/keyset.h"

#include "common/core/strictjson.h"
#include "server/access/keymaterial.h"
#include "server/access/secrets.h"

#include <QCryptographicHash>
#include <QFile>
#include <QtEndian>

#include <algorithm>
#include <array>

namespace gatehouse::access {

namespace {

constexpr std::array<QLatin1StringView, 4> algorithmNames{QLatin1StringView("HS256"),
    QLatin1StringView("RS256"), QLatin1StringView("ES256"), QLatin1StringView("EdDSA")};
constexpr qint64 maxKeyFileBytes = 256 * 1024;
constexpr int maxKeys = 64;

Result<QByteArray> readPublicFile(const QString& path)
{
    QFile file(path);
    if (!file.exists())
        return failure(ErrorCode::NotFound, path + QStringLiteral(": no such file"));
    if (!file.open(QIODevice::ReadOnly))
        return failure(ErrorCode::Forbidden, path + QStringLiteral(": ") + file.errorString());
    if (file.size() > maxKeyFileBytes)
        return failure(ErrorCode::TooLarge, path + QStringLiteral(": too large for keys"));
    return file.readAll();
}

/// The file again, by the rules for secrets, because it turned out to hold one.
Result<void> checkSecretFile(const QString& path, QStringList* warnings)
{
    const auto file = readSecretFile(path);
    if (!file)
        return tl::unexpected(file.error());
    if (warnings)
        warnings->append(file->warnings);
    return {};
}

template <class T>
Result<T> inFile(const QString& path, Result<T> result)
{
    if (!result)
        return failure(result.error().code, path + QStringLiteral(": ") + result.error().detail);
    return result;
}

} // namespace

QLatin1StringView name(Algorithm algorithm)
{
    return algorithmNames[size_t(algorithm)];
}

std::optional<Algorithm> algorithmFromName(QStringView name)
{
    for (size_t i = 0; i < algorithmNames.size(); ++i) {
        if (name == algorithmNames[i])
            return Algorithm(i);
    }
    return std::nullopt;
}

Key::Key(Algorithm algorithm, KeyBinding binding, QByteArrayView material)
    : m_algorithm(algorithm), m_binding(std::move(binding))
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(QByteArrayView(name(algorithm)));
    hash.addData(QByteArrayView("\0", 1));
    hash.addData(m_binding.kid);
    hash.addData(QByteArrayView("\0", 1));
    hash.addData(material);
    m_fingerprint = std::max<quint64>(1, qFromBigEndian<quint64>(hash.result().constData()));
}

Result<void> KeySet::add(std::shared_ptr<const Key> key)
{
    if (m_keys.size() >= maxKeys)
        return failure(ErrorCode::TooLarge, QStringLiteral("more than %1 keys").arg(maxKeys));
    m_keys.push_back(std::move(key));
    return {};
}

Result<void> KeySet::addSecret(const QByteArray& secret, KeyBinding binding)
{
    auto key = keyFromSecret(secret, std::move(binding));
    if (!key)
        return tl::unexpected(key.error());
    return add(std::move(*key));
}

Result<void> KeySet::addPem(const QByteArray& pem, KeyBinding binding)
{
    auto key = keyFromPem(pem, std::move(binding));
    if (!key)
        return tl::unexpected(key.error());
    return add(std::move(*key));
}

Result<int> KeySet::addJwks(const QByteArray& json, const KeyBinding& binding)
{
    const JsonRules rules{.maxDepth = 8,
        .duplicateNames = DuplicateNames::Refuse,
        .loneSurrogates = LoneSurrogates::Refuse};
    if (const auto checked = checkJson(json, rules); !checked)
        return tl::unexpected(checked.error().toError());
    const auto list = rawMember(json, "keys");
    if (!list || jsonKind(*list) != JsonKind::Array)
        return failure(ErrorCode::BadRequest, QStringLiteral("no array \"keys\" in the key set"));
    std::vector<KeyPtr> usable;
    for (JsonArrayWalker item(*list); item.next();) {
        auto key = keyFromJwk(item.value(), binding);
        if (!key)
            return tl::unexpected(key.error());
        if (*key)
            usable.push_back(std::move(*key));
    }
    if (usable.empty())
        return failure(ErrorCode::BadRequest, QStringLiteral("no usable key in the key set"));
    for (auto& key : usable) {
        if (const auto added = add(std::move(key)); !added)
            return tl::unexpected(added.error());
    }
    return int(usable.size());
}

Result<void> KeySet::addSecretFile(const QString& path, KeyBinding binding, QStringList* warnings)
{
    const auto file = readSecretFile(path);
    if (!file)
        return tl::unexpected(file.error());
    if (warnings)
        warnings->append(file->warnings);
    return inFile(path, addSecret(file->content, std::move(binding)));
}

Result<void> KeySet::addPemFile(const QString& path, KeyBinding binding, QStringList* warnings)
{
    const auto content = readPublicFile(path);
    if (!content)
        return tl::unexpected(content.error());
    if (holdsPrivateKey(*content)) {
        if (auto checked = checkSecretFile(path, warnings); !checked)
            return checked;
    }
    return inFile(path, addPem(*content, std::move(binding)));
}

Result<int> KeySet::addJwksFile(const QString& path, KeyBinding binding, QStringList* warnings)
{
    const auto content = readPublicFile(path);
    if (!content)
        return tl::unexpected(content.error());
    const auto holdsAnySecret = [](const QByteArray& json) {
        const auto list = checkJson(json) ? rawMember(json, "keys") : std::nullopt;
        for (JsonArrayWalker item(list.value_or(QByteArrayView("[]"))); item.next();) {
            if (holdsSecret(item.value()))
                return true;
        }
        return false;
    };
    if (holdsAnySecret(*content)) {
        if (auto checked = checkSecretFile(path, warnings); !checked)
            return tl::unexpected(checked.error());
    }
    return inFile(path, addJwks(*content, std::move(binding)));
}

std::vector<const Key*> KeySet::candidates(
    Algorithm algorithm, const std::optional<QByteArray>& kid) const
{
    std::vector<const Key*> found;
    for (const auto& key : m_keys) {
        const QByteArray& own = key->binding().kid;
        if (key->algorithm() == algorithm && (own.isEmpty() || own == kid))
            found.push_back(key.get());
    }
    return found;
}

bool KeySet::holds(quint64 fingerprint) const
{
    return std::any_of(m_keys.begin(), m_keys.end(),
        [fingerprint](const auto& key) { return key->fingerprint() == fingerprint; });
}

bool KeySet::hasIssuer(QByteArrayView issuer) const
{
    return std::any_of(m_keys.begin(), m_keys.end(), [issuer](const auto& key) {
        return !key->binding().issuer.isEmpty() && key->binding().issuer == issuer;
    });
}

std::vector<Algorithm> KeySet::algorithms() const
{
    std::vector<Algorithm> all;
    for (const auto& key : m_keys) {
        if (std::find(all.begin(), all.end(), key->algorithm()) == all.end())
            all.push_back(key->algorithm());
    }
    return all;
}

} // namespace gatehouse::access
