// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/window/mainwindow.h"

#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/views/clients/clientspage.h"
#include "admin-gui/views/log/logpage.h"
#include "admin-gui/views/nodes/nodespage.h"
#include "admin-gui/views/overview/overviewpage.h"
#include "admin-gui/views/rooms/roomspage.h"
#include "admin-gui/views/services/servicespage.h"
#include "admin-gui/views/tasks/taskspage.h"
#include "admin-gui/views/window/serverchip.h"
#include "admin-gui/widgets/banner.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/navigationlist.h"
#include "admin-gui/widgets/plainlabel.h"

#include <QCloseEvent>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

namespace gatehouse::gui {

namespace {

constexpr int refreshMs = 1000;
constexpr int statusMs = 15'000;

} // namespace

MainWindow::MainWindow(AdminConnection& connection, ConsoleModels& models, QSettings& settings)
    : m_connection(connection), m_models(models), m_settings(settings)
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowIcon(QIcon(QStringLiteral(":/icons/gatehouse-admin.svg")));
    resize(1320, 820);
    m_actions = new AdminActions(connection, this);
    m_stack = new QStackedWidget(this);
    m_banner = new Banner(this);
    m_inspector = new Inspector(this);
    m_inspector->setMinimumWidth(230);
    auto* middle = new QWidget(this);
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_banner);
    column->addWidget(m_stack, 1);
    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setHandleWidth(1);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(buildSidebar());
    m_splitter->addWidget(middle);
    m_splitter->addWidget(m_inspector);
    m_splitter->setStretchFactor(1, 1);
    connect(m_splitter, &QSplitter::splitterMoved, this, [this] { m_splitterMoved = true; });
    setCentralWidget(m_splitter);
    m_status = plainLabel(this);
    m_status->setObjectName(QStringLiteral("statusText"));
    m_status->setContentsMargins(8, 0, 8, 0);
    m_liveness = plainLabel(this);
    m_liveness->setContentsMargins(8, 0, 8, 0);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->addWidget(m_status, 1);
    statusBar()->addPermanentWidget(m_liveness);

    buildPages();
    buildMenus();
    connect(m_navigation, &QListWidget::currentRowChanged, this, &MainWindow::handlePage);
    connect(&connection, &AdminConnection::stateChanged, this, &MainWindow::showState);
    connect(&connection, &AdminConnection::helloReceived, this, &MainWindow::showState);
    connect(m_banner, &Banner::actionTriggered, this, [this] {
        if (m_connection.state() == LinkState::Lost)
            m_connection.retryNow();
        else
            Q_EMIT connectRequested();
    });
    connect(m_actions, &AdminActions::started, this,
        [this](const QString& text) { showStatus(true, text); });
    connect(m_actions, &AdminActions::finished, this, &MainWindow::showStatus);
    m_tick.setInterval(refreshMs);
    connect(&m_tick, &QTimer::timeout, this, &MainWindow::tick);
    m_tick.start();
    m_navigation->setCurrentRow(0);
    setProfile({});
    showState();
    showSummaries();
}

MainWindow::~MainWindow() = default;

QWidget* MainWindow::buildSidebar()
{
    auto* pane = new QWidget(this);
    pane->setProperty("pane", QStringLiteral("sidebar"));
    pane->setAttribute(Qt::WA_StyledBackground);
    pane->setMinimumWidth(150);
    m_chip = new ServerChip(pane);
    m_navigation = new NavigationList(pane);
    m_navigation->setAccessibleName(tr("Pages"));
    m_footer = plainLabel(pane);
    m_footer->setProperty("ink", QStringLiteral("muted"));
    m_footer->setWordWrap(true);
    m_footer->setContentsMargins(18, 6, 12, 12);
    QFont small = m_footer->font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    m_footer->setFont(small);
    auto* layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(m_chip);
    layout->addWidget(m_navigation, 1);
    layout->addWidget(m_footer);
    return pane;
}

void MainWindow::buildPages()
{
    // Pages outlive what is the window of us, as its children.
    const auto now = [&connection = m_connection] { return connection.serverNow(); };
    addPage(new OverviewPage(m_models, now, this));
    addPage(new RoomsPage(m_models.rooms, *m_actions, now, this));
    addPage(new ClientsPage(m_models.clients, *m_actions, now, this));
    addPage(new NodesPage(m_models.nodes, *m_actions, now, this));
    addPage(new TasksPage(m_models.tasks, *m_actions, now, this));
    addPage(new ServicesPage(m_models.services, *m_actions, now, this));
    addPage(new LogPage(m_models.log, this));
}

void MainWindow::addPage(Page* page)
{
    m_pages.push_back(page);
    m_stack->addWidget(page);
    m_navigation->addPage(page->icon(), page->title());
    // Many changes in one turn of the loop are shown once.
    connect(page, &Page::summaryChanged, this, [this] {
        if (!std::exchange(m_summariesDue, true))
            QTimer::singleShot(0, this, &MainWindow::showSummaries);
    });
    connect(page, &Page::detailsChanged, this, [this, page] {
        if (m_stack->currentWidget() == page && !std::exchange(m_detailsDue, true))
            QTimer::singleShot(0, this, &MainWindow::showDetails);
    });
    connect(page, &Page::jumpRequested, this, [this](const QString& name, const QString& key) {
        showPage(name);
        if (auto* items = qobject_cast<ItemPage*>(this->page(name)); items && !key.isEmpty())
            items->select(key);
    });
}

Page* MainWindow::page(const QString& name) const
{
    for (Page* page : m_pages) {
        if (page->name() == name)
            return page;
    }
    return nullptr;
}

void MainWindow::showPage(const QString& name)
{
    for (size_t i = 0; i < m_pages.size(); ++i) {
        if (m_pages[i]->name() == name)
            m_navigation->setCurrentRow(int(i));
    }
}

QString MainWindow::currentPage() const
{
    return m_pages[size_t(std::max(m_stack->currentIndex(), 0))]->name();
}

void MainWindow::selectFirst()
{
    m_pages[size_t(m_stack->currentIndex())]->selectFirst();
    showDetails();
}

void MainWindow::handlePage(int row)
{
    if (row < 0)
        return;
    m_stack->setCurrentIndex(row);
    m_pages[size_t(row)]->refresh();
    showDetails();
}

void MainWindow::setProfile(const Profile& profile)
{
    m_profile = profile;
    m_chip->setServer(profile.id.isEmpty() ? tr("Gatehouse") : profile.title(), profile.color);
    setWindowTitle(
        profile.id.isEmpty() ? tr("Gatehouse") : tr("%1 \u2013 Gatehouse").arg(profile.title()));
    m_settings.beginGroup(QStringLiteral("window-") % profile.id);
    const QByteArray geometry = m_settings.value(QStringLiteral("geometry")).toByteArray();
    if (!geometry.isEmpty())
        restoreGeometry(geometry);
    const QByteArray splitter = m_settings.value(QStringLiteral("splitter")).toByteArray();
    m_splitterMoved = !splitter.isEmpty() && m_splitter->restoreState(splitter);
    shareWidth();
    m_inspectorAction->setChecked(m_settings.value(QStringLiteral("inspector"), true).toBool());
    for (Page* page : m_pages)
        page->restoreState(m_settings);
    m_settings.endGroup();
    showDetails();
}

void MainWindow::saveState() const
{
    m_settings.beginGroup(QStringLiteral("window-") % m_profile.id);
    m_settings.setValue(QStringLiteral("geometry"), saveGeometry());
    if (m_splitterMoved)
        m_settings.setValue(QStringLiteral("splitter"), m_splitter->saveState());
    m_settings.setValue(QStringLiteral("inspector"), m_inspectorAction->isChecked());
    for (const Page* page : m_pages)
        page->saveState(m_settings);
    m_settings.endGroup();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    saveState();
    Q_EMIT closing();
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    shareWidth();
}

/// In a small window the panes at the sides give way, so that the tables keep their columns.
void MainWindow::shareWidth()
{
    if (m_splitterMoved)
        return;
    const int sidebar = std::clamp(width() * 17 / 100, 176, 196);
    const int inspector = std::clamp(width() * 25 / 100, 252, 300);
    m_splitter->setSizes({sidebar, width() - sidebar - inspector, inspector});
}

void MainWindow::showState()
{
    const LinkState state = m_connection.state();
    switch (state) {
    case LinkState::Offline:
        m_chip->setState(tr("Not connected"), Tone::Dim);
        break;
    case LinkState::Connecting:
        m_chip->setState(tr("Connecting\u2026"), Tone::Busy);
        break;
    case LinkState::Live:
        m_chip->setState(tr("Live"), Tone::Good);
        break;
    case LinkState::Stale:
        m_chip->setState(tr("Catching up\u2026"), Tone::Warning);
        break;
    case LinkState::Lost:
        m_chip->setState(tr("Connection lost"), Tone::Bad);
        break;
    case LinkState::Refused:
        m_chip->setState(tr("Refused"), Tone::Bad);
        break;
    }
    const ServerHello& hello = m_connection.hello();
    m_footer->setText(hello.version.isEmpty()
            ? QString()
            : tr("%1, version %2\nSigned in as %3", "host, version, admin")
                  .arg(hello.hostname, hello.version, hello.adminName));
    for (Page* page : m_pages)
        page->setLive(state == LinkState::Live);
    m_disconnectAction->setEnabled(state != LinkState::Offline);
    showBanner();
    showDetails();
}

void MainWindow::showBanner()
{
    const QString why = AdminActions::errorText(m_connection.reason());
    const QString shown = m_connection.lastMessageAt() > 0
        ? formatClock(m_connection.lastMessageAt()).left(8)
        : QString();
    QString text;
    QString action;
    Tone tone = Tone::Warning;
    switch (m_connection.state()) {
    case LinkState::Live:
    case LinkState::Connecting:
        break;
    case LinkState::Offline:
        tone = Tone::Busy;
        text = tr("Not connected. What is shown may be old.");
        action = tr("Connect\u2026");
        break;
    case LinkState::Stale:
        text = tr("The server is silent or sending a new snapshot; what is shown is from %1.")
                   .arg(shown);
        break;
    case LinkState::Lost: {
        tone = Tone::Bad;
        const qint64 seconds = (m_connection.untilRetry().count() + 999) / 1000;
        const QString next = seconds > 0 ? tr("Next attempt in %n s.", nullptr, int(seconds))
                                         : tr("Trying again\u2026");
        text = shown.isEmpty()
            ? tr("No connection: %1. %2").arg(why, next)
            : tr("Connection lost: %1. What is shown is from %2. %3").arg(why, shown, next);
        action = tr("Try now");
        break;
    }
    case LinkState::Refused:
        tone = Tone::Bad;
        text = tr("The server refused: %1.").arg(why);
        action = tr("Connect\u2026");
        break;
    }
    m_banner->setVisible(!text.isEmpty());
    if (!text.isEmpty())
        m_banner->setMessage(tone, text, action);
}

void MainWindow::showSummaries()
{
    m_summariesDue = false;
    for (size_t i = 0; i < m_pages.size(); ++i) {
        m_navigation->setCount(int(i), m_pages[i]->count());
        m_navigation->setTone(int(i), m_pages[i]->tone());
    }
}

void MainWindow::showDetails()
{
    m_detailsDue = false;
    const Page* page = m_pages[size_t(std::max(m_stack->currentIndex(), 0))];
    m_inspector->setVisible(
        page->hasInspector() && m_inspectorAction && m_inspectorAction->isChecked());
    if (!page->hasInspector())
        return;
    m_inspector->setHint(page->selectionHint());
    m_inspector->setDimmed(m_connection.state() != LinkState::Live);
    m_inspector->setActions(page->itemActions());
    m_inspector->setDetails(page->details());
}

void MainWindow::showStatus(bool ok, const QString& text)
{
    m_status->setText(text);
    m_status->setProperty("ink", ok ? QString() : QStringLiteral("bad"));
    m_status->style()->unpolish(m_status);
    m_status->style()->polish(m_status);
    QTimer::singleShot(statusMs, m_status, [this, text] {
        if (m_status->text() == text)
            m_status->clear();
    });
}

void MainWindow::tick()
{
    if (m_connection.state() == LinkState::Lost || m_connection.state() == LinkState::Stale)
        showBanner();
    Page* page = m_pages[size_t(m_stack->currentIndex())];
    if (isVisible())
        page->refresh();
    QStringList remarks;
    if (m_connection.gapCount() > 0)
        remarks.append(tr("%n gap(s) filled", nullptr, int(m_connection.gapCount())));
    if (m_connection.state() == LinkState::Live)
        remarks.append(tr("Server time %1").arg(formatClock(m_connection.serverNow()).left(8)));
    m_liveness->setText(remarks.join(QStringLiteral("   ")));
}

} // namespace gatehouse::gui
