// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminconnection.h"
#include "admin-gui/views/connection/profilestore.h"
#include "admin-gui/views/connection/secretstore.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;

namespace gatehouse::gui {

class ColorChoice;

/// Picks a server and the way to sign in; keeps profiles, and secrets if there is a keyring.
class ConnectionDialog final : public QDialog
{
    Q_OBJECT

public:
    /// `profiles` and `secrets` are not owned.
    ConnectionDialog(ProfileStore& profiles, SecretStore& secrets, QWidget* parent = nullptr);

    void showRefusal(const QString& text); ///< why the last attempt failed

Q_SIGNALS:
    void chosen(
        const gatehouse::gui::Profile& profile, const gatehouse::gui::Credentials& credentials);

private:
    QWidget* buildList();
    QWidget* buildForm();
    void fillList();
    void showProfile(int row);
    void takeForm();
    void showVerdict();
    void addProfile();
    void removeProfile();
    void connectNow();
    void handleWritten(const QString& id, const QString& secret, bool kept);
    void finish(const Profile& profile, const QString& secret);

    ProfileStore& m_store;
    SecretStore& m_secrets;
    std::vector<Profile> m_profiles;
    int m_row = -1;
    QString m_writing; ///< id of the profile whose secret is on its way to the keyring
    bool m_filling = false;
    QListWidget* m_list;
    QLineEdit* m_name;
    QLineEdit* m_server;
    ColorChoice* m_color;
    QComboBox* m_signIn;
    QLabel* m_userLabel;
    QLineEdit* m_user;
    QLabel* m_secretLabel;
    QLineEdit* m_secret;
    QCheckBox* m_keep;
    QLabel* m_message;
    QPushButton* m_remove;
    QPushButton* m_connect;
};

} // namespace gatehouse::gui
