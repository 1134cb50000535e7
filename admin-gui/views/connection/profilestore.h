// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QColor>
#include <QString>
#include <QUrl>

#include <vector>

class QSettings;

namespace gatehouse::gui {

enum class SignIn { Token, Password };

/// A server one connects to again and again. Secrets are not in here.
struct Profile
{
    QString id; ///< names its settings and its secret; never changes
    QString name;
    QUrl server;
    QColor color; ///< production red, test green: seen wherever the window is
    SignIn signIn = SignIn::Password;
    QString user; ///< of SignIn::Password
    bool keepsSecret = false; ///< in the keyring

    QString title() const; ///< the name, or host and port without one
    friend bool operator==(const Profile&, const Profile&) = default;
};

/// Saved profiles, in the settings file.
class ProfileStore
{
public:
    explicit ProfileStore(QSettings& settings) : m_settings(settings) { }

    std::vector<Profile> profiles() const;
    void save(const std::vector<Profile>& profiles);
    QString lastUsed() const;
    void setLastUsed(const QString& id);

    static Profile fresh(); ///< a new one for this machine's server
    static std::vector<QColor> colors();

    /// http, https, ws or wss with a host; a bare "host:port" is taken for http on loopback and
    /// https elsewhere. Nothing for what cannot be a server.
    static std::optional<QUrl> parseServer(const QString& text);

private:
    QSettings& m_settings;
};

} // namespace gatehouse::gui
