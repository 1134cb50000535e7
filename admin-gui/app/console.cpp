// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/app/console.h"

#include "admin-gui/client/socketiolink.h"
#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/views/connection/connectiondialog.h"
#include "admin-gui/views/window/mainwindow.h"

#include <QApplication>
#include <QLibraryInfo>

#include <cstdio>

namespace gatehouse::gui {

namespace {

constexpr int screenshotDeadlineMs = 60'000;

} // namespace

Console::Console(QApplication& application, ConsoleOptions options)
    : Console(application, std::move(options), std::make_unique<SocketIoLink>(),
        std::make_unique<HttpTokenSource>(), std::make_unique<KeyringSecretStore>())
{
}

Console::Console(QApplication& application, ConsoleOptions options, std::unique_ptr<AdminLink> link,
    std::unique_ptr<TokenSource> tokens, std::unique_ptr<SecretStore> secrets)
    : m_application(application), m_options(std::move(options)), m_profiles(m_settings),
      m_secrets(std::move(secrets)), m_connection(std::move(link), std::move(tokens), m_clock),
      m_models(m_connection)
{
    applyLanguage();
    Theme::apply(application, scheme());
    connect(&m_connection, &AdminConnection::stateChanged, this, [this](LinkState state) {
        if (state == LinkState::Refused && m_options.screenshot.isEmpty())
            showConnectionDialog(AdminActions::errorText(m_connection.reason()));
    });
    makeWindow();
}

Console::~Console() = default;

Scheme Console::scheme() const
{
    if (m_options.scheme)
        return *m_options.scheme;
    return Scheme(std::clamp(m_settings.value(QStringLiteral("theme"), 0).toInt(), 0, 2));
}

QString Console::language() const
{
    if (!m_options.language.isEmpty())
        return m_options.language;
    const QString saved = m_settings.value(QStringLiteral("language")).toString();
    return saved.isEmpty() ? QLocale::system().name().left(2) : saved;
}

void Console::applyLanguage()
{
    const QString wanted = language();
    QCoreApplication::removeTranslator(&m_translator);
    QCoreApplication::removeTranslator(&m_qtTranslator);
    QLocale::setDefault(
        QLocale::system().name().startsWith(wanted) ? QLocale::system() : QLocale(wanted));
    // English has a file as well: it holds the plural forms.
    if (m_translator.load(QStringLiteral(":/i18n/gatehouse-admin_") % wanted)
        || m_translator.load(QStringLiteral(":/i18n/gatehouse-admin_en")))
        QCoreApplication::installTranslator(&m_translator);
    if (m_qtTranslator.load(
            QStringLiteral("qtbase_") % wanted, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&m_qtTranslator);
}

void Console::makeWindow()
{
    QString page = m_options.page;
    bool visible = false;
    if (m_window) {
        page = m_window->currentPage();
        visible = m_window->isVisible();
        m_window->saveState();
        m_window->hide();
        m_window.release()->deleteLater();
    }
    m_window = std::make_unique<MainWindow>(m_connection, m_models, m_settings);
    m_window->setProfile(m_profile);
    m_window->markChoices(scheme(), language());
    if (!page.isEmpty())
        m_window->showPage(page);
    if (!m_options.size.isEmpty())
        m_window->resize(m_options.size);
    MainWindow* window = m_window.get();
    connect(window, &MainWindow::connectRequested, this, [this] { showConnectionDialog(); });
    connect(window, &MainWindow::disconnectRequested, &m_connection, &AdminConnection::close);
    connect(window, &MainWindow::closing, &m_application, &QApplication::quit);
    connect(window, &MainWindow::schemeChosen, this, [this](Scheme chosen) {
        m_options.scheme = chosen;
        m_settings.setValue(QStringLiteral("theme"), int(chosen));
        Theme::apply(m_application, chosen);
        makeWindow();
    });
    connect(window, &MainWindow::languageChosen, this, [this](const QString& chosen) {
        m_options.language = chosen;
        m_settings.setValue(QStringLiteral("language"), chosen);
        applyLanguage();
        makeWindow();
    });
    if (visible)
        window->show();
}

void Console::start()
{
    m_window->show();
    if (m_options.server) {
        Profile profile;
        profile.id = QStringLiteral("command-line");
        profile.server = *m_options.server;
        profile.color = ProfileStore::colors().front();
        if (m_options.token.isEmpty()) {
            m_profile = profile;
            m_window->setProfile(profile);
            showConnectionDialog();
        } else {
            Credentials credentials;
            credentials.token = m_options.token;
            connectTo(profile, credentials);
        }
    } else {
        showConnectionDialog();
    }
    if (!m_options.screenshot.isEmpty())
        takeScreenshot();
}

void Console::showConnectionDialog(const QString& refusal)
{
    if (!m_dialog) {
        m_dialog = new ConnectionDialog(m_profiles, *m_secrets, m_window.get());
        m_dialog->setAttribute(Qt::WA_DeleteOnClose);
        connect(m_dialog, &ConnectionDialog::chosen, this, &Console::connectTo);
    }
    m_dialog->showRefusal(refusal);
    m_dialog->open();
}

void Console::connectTo(const Profile& profile, const Credentials& credentials)
{
    if (profile.server != m_profile.server) {
        m_connection.close();
        m_models.clear();
    }
    m_window->saveState();
    m_profile = profile;
    m_window->setProfile(profile);
    if (!m_options.size.isEmpty())
        m_window->resize(m_options.size);
    m_connection.open(profile.server, credentials);
}

/// Waits for live data and a few samples of the overview, so that pictures show a working window.
void Console::takeScreenshot()
{
    connect(&m_models.overview, &OverviewModel::sampleAdded, this, [this] {
        if (m_connection.state() != LinkState::Live || ++m_samplesSeen != m_options.settleSeconds)
            return;
        m_window->selectFirst();
        QTimer::singleShot(300, this, [this] {
            // Rows are drawn as their model is now; headings and the inspector follow in the same
            // turn of the loop, and get their room a moment later. On a busy machine that shows.
            QCoreApplication::processEvents(QEventLoop::ExcludeSocketNotifiers);
            QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
            const bool written = m_window->grab().save(m_options.screenshot);
            if (!written)
                std::fprintf(
                    stderr, "gatehouse-admin: cannot write %s\n", qPrintable(m_options.screenshot));
            QCoreApplication::exit(written ? 0 : 1);
        });
    });
    const int deadlineMs = screenshotDeadlineMs + m_options.settleSeconds * 1000;
    QTimer::singleShot(deadlineMs, this, [this] {
        std::fprintf(stderr, "gatehouse-admin: no live data in time: %s\n",
            qPrintable(AdminActions::errorText(m_connection.reason())));
        QCoreApplication::exit(1);
    });
}

} // namespace gatehouse::gui
