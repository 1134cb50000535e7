// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/connection/profilestore.h"

#include <QHostAddress>
#include <QSettings>
#include <QUuid>

namespace gatehouse::gui {

namespace {

const QString group = QStringLiteral("profiles");

bool isLoopback(const QString& host)
{
    return host == QStringLiteral("localhost") || QHostAddress(host).isLoopback();
}

} // namespace

QString Profile::title() const
{
    return name.isEmpty() ? server.authority() : name;
}

std::vector<Profile> ProfileStore::profiles() const
{
    std::vector<Profile> result;
    const int count = m_settings.beginReadArray(group);
    for (int i = 0; i < count; ++i) {
        m_settings.setArrayIndex(i);
        Profile profile;
        profile.id = m_settings.value(QStringLiteral("id")).toString();
        profile.name = m_settings.value(QStringLiteral("name")).toString();
        profile.server = m_settings.value(QStringLiteral("server")).toUrl();
        profile.color = QColor(m_settings.value(QStringLiteral("color")).toString());
        profile.signIn
            = m_settings.value(QStringLiteral("signIn")).toString() == QStringLiteral("token")
            ? SignIn::Token
            : SignIn::Password;
        profile.user = m_settings.value(QStringLiteral("user")).toString();
        profile.keepsSecret = m_settings.value(QStringLiteral("keepsSecret")).toBool();
        if (!profile.id.isEmpty())
            result.push_back(profile);
    }
    m_settings.endArray();
    return result;
}

void ProfileStore::save(const std::vector<Profile>& profiles)
{
    m_settings.remove(group);
    m_settings.beginWriteArray(group, int(profiles.size()));
    for (size_t i = 0; i < profiles.size(); ++i) {
        m_settings.setArrayIndex(int(i));
        const Profile& profile = profiles[i];
        m_settings.setValue(QStringLiteral("id"), profile.id);
        m_settings.setValue(QStringLiteral("name"), profile.name);
        m_settings.setValue(QStringLiteral("server"), profile.server);
        m_settings.setValue(QStringLiteral("color"), profile.color.name());
        m_settings.setValue(QStringLiteral("signIn"),
            profile.signIn == SignIn::Token ? QStringLiteral("token") : QStringLiteral("password"));
        m_settings.setValue(QStringLiteral("user"), profile.user);
        m_settings.setValue(QStringLiteral("keepsSecret"), profile.keepsSecret);
    }
    m_settings.endArray();
}

QString ProfileStore::lastUsed() const
{
    return m_settings.value(QStringLiteral("lastProfile")).toString();
}

void ProfileStore::setLastUsed(const QString& id)
{
    m_settings.setValue(QStringLiteral("lastProfile"), id);
}

Profile ProfileStore::fresh()
{
    Profile profile;
    profile.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    profile.server = QUrl(QStringLiteral("http://127.0.0.1:7400"));
    profile.color = colors().front();
    return profile;
}

std::vector<QColor> ProfileStore::colors()
{
    return {QColor(0x2a63d4), QColor(0x14803c), QColor(0xd9730d), QColor(0xc02626),
        QColor(0x8a4fc7), QColor(0x6b7480)};
}

std::optional<QUrl> ProfileStore::parseServer(const QString& text)
{
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty())
        return std::nullopt;
    QUrl url(trimmed.contains(QStringLiteral("://"))
            ? trimmed
            : QString(QStringLiteral("https://") % trimmed),
        QUrl::StrictMode);
    if (!trimmed.contains(QStringLiteral("://")) && isLoopback(url.host()))
        url.setScheme(QStringLiteral("http"));
    static const QStringList schemes{QStringLiteral("http"), QStringLiteral("https"),
        QStringLiteral("ws"), QStringLiteral("wss")};
    if (!url.isValid() || url.host().isEmpty() || !schemes.contains(url.scheme())
        || !url.userInfo().isEmpty())
        return std::nullopt;
    if (url.scheme() == QStringLiteral("ws"))
        url.setScheme(QStringLiteral("http"));
    else if (url.scheme() == QStringLiteral("wss"))
        url.setScheme(QStringLiteral("https"));
    url.setPath({});
    url.setQuery(QString());
    url.setFragment({});
    return url;
}

} // namespace gatehouse::gui
