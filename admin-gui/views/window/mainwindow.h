// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/consolemodels.h"
#include "admin-gui/views/connection/profilestore.h"
#include "admin-gui/widgets/theme.h"

#include <QMainWindow>
#include <QTimer>

#include <vector>

class QLabel;
class QSettings;
class QSplitter;
class QStackedWidget;

namespace gatehouse::gui {

class AdminActions;
class Banner;
class Inspector;
class NavigationList;
class Page;
class ServerChip;

/// The console: navigation on the left, the page in the middle, the inspector on the right, a
/// banner when the connection is not what it should be. Owns no data; a new one can be made over
/// the same connection and models at any time (for another language).
class MainWindow final : public QMainWindow
{
    Q_OBJECT

public:
    MainWindow(AdminConnection& connection, ConsoleModels& models, QSettings& settings);
    ~MainWindow() override;

    void setProfile(const Profile& profile); ///< name and colour; loads its layout
    void showPage(const QString& name);
    QString currentPage() const;
    Page* page(const QString& name) const;
    void selectFirst(); ///< something for the inspector, for screenshots
    void saveState() const;
    void markChoices(Scheme scheme, const QString& language); ///< in the menus

Q_SIGNALS:
    void connectRequested();
    void disconnectRequested();
    void schemeChosen(gatehouse::gui::Scheme scheme);
    void languageChosen(const QString& language);
    void closing();

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void buildPages();
    void buildMenus();
    void buildViewMenu();
    QWidget* buildSidebar();
    void addPage(Page* page);
    void handlePage(int row);
    void shareWidth();
    void showState();
    void showBanner();
    void showDetails();
    void showSummaries();
    void showStatus(bool ok, const QString& text);
    void tick();

    AdminConnection& m_connection;
    ConsoleModels& m_models;
    QSettings& m_settings;
    Profile m_profile;
    AdminActions* m_actions;
    std::vector<Page*> m_pages;
    NavigationList* m_navigation;
    ServerChip* m_chip;
    QLabel* m_footer;
    QStackedWidget* m_stack;
    Banner* m_banner;
    Inspector* m_inspector;
    QSplitter* m_splitter;
    QLabel* m_status;
    QLabel* m_liveness;
    QAction* m_inspectorAction;
    QAction* m_disconnectAction;
    std::vector<QAction*> m_schemeActions;
    std::vector<QAction*> m_languageActions;
    QTimer m_tick;
    bool m_splitterMoved = false; ///< by somebody; until then we share the width out
    bool m_summariesDue = false;
    bool m_detailsDue = false;
};

} // namespace gatehouse::gui
