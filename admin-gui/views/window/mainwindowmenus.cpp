// SPDX-License-Identifier: Apache-2.0
// The menu bar of MainWindow.
#include "admin-gui/views/page/page.h"
#include "admin-gui/views/window/mainwindow.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/inspector.h"
#include "admin-gui/widgets/navigationlist.h"

#include <QActionGroup>
#include <QMenuBar>
#include <QMessageBox>
#include <QShortcut>
#include <QStackedWidget>

namespace gatehouse::gui {

void MainWindow::buildMenus()
{
    QMenu* connection = menuBar()->addMenu(tr("&Connection"));
    QAction* connectAction = connection->addAction(themedIcon(QStringLiteral("connect")),
        tr("&Connect\u2026"), this, &MainWindow::connectRequested);
    connectAction->setShortcut(QKeySequence::Open);
    m_disconnectAction = connection->addAction(themedIcon(QStringLiteral("disconnect")),
        tr("&Disconnect"), this, &MainWindow::disconnectRequested);
    connection->addSeparator();
    connection->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
    buildViewMenu();
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&About Gatehouse"), this, [this] {
        QMessageBox box(this);
        box.setWindowTitle(tr("About Gatehouse"));
        box.setTextFormat(Qt::PlainText);
        box.setIconPixmap(windowIcon().pixmap(56, 56));
        box.setText(tr("Gatehouse console %1").arg(QStringLiteral(GATEHOUSE_VERSION)));
        box.setInformativeText(
            tr("Shows a Gatehouse server live: rooms, clients, nodes, tasks and the log.\n"
               "Licence: Apache-2.0"));
        box.exec();
    });
}

void MainWindow::buildViewMenu()
{
    QMenu* view = menuBar()->addMenu(tr("&View"));
    for (size_t i = 0; i < m_pages.size(); ++i) {
        const Page* page = m_pages[i];
        view->addAction(themedIcon(page->icon()), page->title(),
            QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1)), this,
            [this, i] { m_navigation->setCurrentRow(int(i)); });
    }
    view->addSeparator();
    QAction* filter
        = view->addAction(themedIcon(QStringLiteral("search")), tr("&Filter"), QKeySequence::Find,
            this, [this] { m_pages[size_t(m_stack->currentIndex())]->focusFilter(); });
    filter->setShortcuts({QKeySequence::Find, QKeySequence(Qt::Key_Slash)});
    m_inspectorAction = view->addAction(themedIcon(QStringLiteral("inspector")), tr("&Inspector"),
        QKeySequence(Qt::Key_F9), this, &MainWindow::showDetails);
    m_inspectorAction->setCheckable(true);
    m_inspectorAction->setChecked(true);
    view->addSeparator();
    QMenu* theme = view->addMenu(tr("&Theme"));
    auto* schemes = new QActionGroup(this);
    const std::pair<Scheme, QString> schemeNames[] = {{Scheme::System, tr("Like the &desktop")},
        {Scheme::Light, tr("&Light")}, {Scheme::Dark, tr("D&ark")}};
    for (const auto& [scheme, name] : schemeNames) {
        QAction* action = theme->addAction(
            name, this, [this, chosen = scheme] { Q_EMIT schemeChosen(chosen); });
        action->setCheckable(true);
        action->setData(int(scheme));
        schemes->addAction(action);
        m_schemeActions.push_back(action);
    }
    QMenu* language = view->addMenu(tr("&Language"));
    auto* languages = new QActionGroup(this);
    // Languages are named in themselves, so that everybody finds their own.
    const std::pair<QString, QString> languageNames[]
        = {{QStringLiteral("en"), QStringLiteral("English")},
            {QStringLiteral("nl"), QStringLiteral("Nederlands")},
            {QStringLiteral("de"), QStringLiteral("Deutsch")}};
    for (const auto& [code, name] : languageNames) {
        QAction* action = language->addAction(
            name, this, [this, chosen = code] { Q_EMIT languageChosen(chosen); });
        action->setCheckable(true);
        action->setData(code);
        languages->addAction(action);
        m_languageActions.push_back(action);
    }
}

void MainWindow::markChoices(Scheme scheme, const QString& language)
{
    for (QAction* action : m_schemeActions)
        action->setChecked(action->data().toInt() == int(scheme));
    for (QAction* action : m_languageActions)
        action->setChecked(action->data().toString() == language);
}

} // namespace gatehouse::gui
