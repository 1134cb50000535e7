// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/app/consoleoptions.h"
#include "admin-gui/models/consolemodels.h"
#include "admin-gui/views/connection/profilestore.h"
#include "admin-gui/views/connection/secretstore.h"

#include <QPointer>
#include <QSettings>
#include <QTranslator>

class QApplication;

namespace gatehouse::gui {

class ConnectionDialog;
class MainWindow;

/// Puts the console together: settings, language, theme, connection, models and window. The window
/// is made anew when language or theme change; the connection and its data stay.
class Console final : public QObject
{
    Q_OBJECT

public:
    Console(QApplication& application, ConsoleOptions options);

    /// For tests: another transport and another place for secrets.
    Console(QApplication& application, ConsoleOptions options, std::unique_ptr<AdminLink> link,
        std::unique_ptr<TokenSource> tokens, std::unique_ptr<SecretStore> secrets);
    ~Console() override;

    void start();
    MainWindow& window() { return *m_window; }
    AdminConnection& connection() { return m_connection; }
    ConsoleModels& models() { return m_models; }

private:
    void makeWindow();
    void applyLanguage();
    void showConnectionDialog(const QString& refusal = {});
    void connectTo(const Profile& profile, const Credentials& credentials);
    void takeScreenshot();
    Scheme scheme() const;
    QString language() const;

    QApplication& m_application;
    ConsoleOptions m_options;
    QSettings m_settings;
    ProfileStore m_profiles;
    SystemClock m_clock;
    std::unique_ptr<SecretStore> m_secrets;
    AdminConnection m_connection;
    ConsoleModels m_models;
    QTranslator m_translator;
    QTranslator m_qtTranslator;
    Profile m_profile;
    std::unique_ptr<MainWindow> m_window;
    QPointer<ConnectionDialog> m_dialog;
    int m_samplesSeen = 0;
};

} // namespace gatehouse::gui
