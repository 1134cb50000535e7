// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QObject>
#include <QString>

#include <functional>
#include <memory>

namespace gatehouse::gui {

/// Where tokens and passwords are kept between runs. Answers come later, on the GUI thread, unless
/// `context` is gone by then.
class SecretStore
{
public:
    using ReadAnswer = std::function<void(const QString& secret)>; ///< empty: none
    using WriteAnswer = std::function<void(bool kept)>;

    virtual ~SecretStore() = default;
    virtual void read(const QString& id, QObject* context, ReadAnswer answer) = 0;
    virtual void write(
        const QString& id, const QString& secret, QObject* context, WriteAnswer answer)
        = 0;
    virtual void forget(const QString& id) = 0;
};

/// The desktop's keyring (Secret Service or KWallet). Without one every write fails at once; there
/// is no file to fall back to.
class KeyringSecretStore final : public SecretStore
{
public:
    void read(const QString& id, QObject* context, ReadAnswer answer) override;
    void write(
        const QString& id, const QString& secret, QObject* context, WriteAnswer answer) override;
    void forget(const QString& id) override;
};

} // namespace gatehouse::gui
