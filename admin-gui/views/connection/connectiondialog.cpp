// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/connection/connectiondialog.h"

#include "admin-gui/views/connection/colorchoice.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::gui {

namespace {

QIcon dotIcon(const QColor& color)
{
    QPixmap pixmap(16, 16);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(2, 2, 12, 12);
    painter.end();
    QIcon icon(pixmap);
    icon.addPixmap(pixmap, QIcon::Selected); // the colour means something: no tint
    return icon;
}

} // namespace

ConnectionDialog::ConnectionDialog(ProfileStore& profiles, SecretStore& secrets, QWidget* parent)
    : QDialog(parent), m_store(profiles), m_secrets(secrets), m_profiles(profiles.profiles())
{
    setObjectName(QStringLiteral("connectionDialog"));
    setWindowTitle(tr("Connect to a server"));
    resize(720, 430);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(buildList());
    layout->addWidget(buildForm(), 1);
    if (m_profiles.empty())
        m_profiles.push_back(ProfileStore::fresh());
    fillList();
    int row = 0;
    for (size_t i = 0; i < m_profiles.size(); ++i) {
        if (m_profiles[i].id == m_store.lastUsed())
            row = int(i);
    }
    m_list->setCurrentRow(row);
    m_secret->setFocus();
}

QWidget* ConnectionDialog::buildList()
{
    auto* pane = new QWidget(this);
    pane->setProperty("pane", QStringLiteral("sidebar"));
    pane->setAttribute(Qt::WA_StyledBackground);
    pane->setFixedWidth(216);
    m_list = new QListWidget(pane);
    m_list->setObjectName(QStringLiteral("profiles"));
    m_list->setAccessibleName(tr("Saved servers"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setStyleSheet(
        QStringLiteral(
            "QListWidget { background: transparent; } QListWidget::item { padding: 7px 8px; "
            "border-radius: 5px; margin: 1px 8px; } QListWidget::item:selected { background: %1; "
            "color: %2; } QListWidget::item:hover:!selected { background: %3; }")
            .arg(Theme::current().accentFill.name(), Theme::current().accentInk.name(),
                Theme::current().hover.name()));
    connect(m_list, &QListWidget::currentRowChanged, this, &ConnectionDialog::showProfile);
    auto* add = new QPushButton(themedIcon(QStringLiteral("add")), tr("New"), pane);
    add->setObjectName(QStringLiteral("addProfile"));
    add->setAutoDefault(false);
    connect(add, &QPushButton::clicked, this, &ConnectionDialog::addProfile);
    m_remove = new QPushButton(themedIcon(QStringLiteral("clear")), tr("Delete"), pane);
    m_remove->setObjectName(QStringLiteral("removeProfile"));
    m_remove->setAutoDefault(false);
    connect(m_remove, &QPushButton::clicked, this, &ConnectionDialog::removeProfile);
    auto* title = plainLabel(pane, tr("Saved servers"));
    title->setProperty("ink", QStringLiteral("muted"));
    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(12, 0, 12, 12);
    buttons->addWidget(add);
    buttons->addWidget(m_remove);
    auto* layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 14, 0, 0);
    title->setContentsMargins(16, 0, 0, 2);
    layout->addWidget(title);
    layout->addWidget(m_list, 1);
    layout->addLayout(buttons);
    return pane;
}

QWidget* ConnectionDialog::buildForm()
{
    auto* pane = new QWidget(this);
    m_name = new QLineEdit(pane);
    m_name->setObjectName(QStringLiteral("profileName"));
    m_name->setPlaceholderText(tr("For example: Production"));
    m_server = new QLineEdit(pane);
    m_server->setObjectName(QStringLiteral("server"));
    m_server->setPlaceholderText(QStringLiteral("https://gatehouse.example.org"));
    m_color = new ColorChoice(ProfileStore::colors(), pane);
    m_signIn = new QComboBox(pane);
    m_signIn->setObjectName(QStringLiteral("signIn"));
    m_signIn->addItem(tr("Name and password"));
    m_signIn->addItem(tr("Token"));
    m_user = new QLineEdit(pane);
    m_user->setObjectName(QStringLiteral("user"));
    m_secret = new QLineEdit(pane);
    m_secret->setObjectName(QStringLiteral("secret"));
    m_secret->setEchoMode(QLineEdit::Password);
    m_keep = new QCheckBox(tr("Keep it in the desktop's keyring"), pane);
    m_keep->setObjectName(QStringLiteral("keepSecret"));
    m_keep->setToolTip(tr("Otherwise it is used for this run only and never written down"));
    m_message = plainLabel(pane);
    m_message->setObjectName(QStringLiteral("message"));
    m_message->setWordWrap(true);
    m_message->setProperty("ink", QStringLiteral("bad"));
    m_connect = new QPushButton(tr("Connect"), pane);
    m_connect->setObjectName(QStringLiteral("connect"));
    m_connect->setDefault(true);
    auto* cancel = new QPushButton(tr("Cancel"), pane);
    cancel->setAutoDefault(false);
    m_userLabel = plainLabel(pane, tr("Name"));
    m_secretLabel = plainLabel(pane);

    auto* form = new QGridLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(10);
    form->setColumnStretch(1, 1);
    const std::pair<QLabel*, QWidget*> rows[] = {{plainLabel(pane, tr("Title")), m_name},
        {plainLabel(pane, tr("Server")), m_server}, {plainLabel(pane, tr("Colour")), m_color},
        {plainLabel(pane, tr("Sign in with")), m_signIn}, {m_userLabel, m_user},
        {m_secretLabel, m_secret}, {nullptr, m_keep}};
    int row = 0;
    for (const auto& [label, field] : rows) {
        if (label) {
            label->setBuddy(field);
            form->addWidget(label, row, 0, Qt::AlignVCenter);
        }
        form->addWidget(field, row++, 1);
    }
    auto* buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_connect);
    auto* layout = new QVBoxLayout(pane);
    layout->setContentsMargins(24, 22, 24, 18);
    layout->setSpacing(12);
    layout->addLayout(form);
    layout->addWidget(m_message);
    layout->addStretch(1);
    layout->addLayout(buttons);

    connect(m_connect, &QPushButton::clicked, this, &ConnectionDialog::connectNow);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    for (QLineEdit* field : {m_name, m_server, m_user})
        connect(field, &QLineEdit::textEdited, this, &ConnectionDialog::takeForm);
    connect(m_secret, &QLineEdit::textChanged, this, &ConnectionDialog::showVerdict);
    connect(m_color, &ColorChoice::colorChanged, this, &ConnectionDialog::takeForm);
    connect(m_signIn, &QComboBox::currentIndexChanged, this, &ConnectionDialog::takeForm);
    return pane;
}

void ConnectionDialog::fillList()
{
    const QSignalBlocker quiet(m_list);
    m_list->clear();
    for (const Profile& profile : m_profiles)
        new QListWidgetItem(dotIcon(profile.color), profile.title(), m_list);
    m_remove->setEnabled(m_profiles.size() > 1);
}

void ConnectionDialog::showProfile(int row)
{
    if (row < 0)
        return;
    m_row = row;
    m_filling = true;
    const Profile& profile = m_profiles[size_t(row)];
    m_name->setText(profile.name);
    m_server->setText(profile.server.toString());
    m_color->setColor(profile.color);
    m_signIn->setCurrentIndex(profile.signIn == SignIn::Password ? 0 : 1);
    m_user->setText(profile.user);
    m_secret->clear();
    m_keep->setChecked(profile.keepsSecret);
    m_message->clear();
    m_filling = false;
    takeForm();
    if (!profile.keepsSecret)
        return;
    m_secrets.read(profile.id, this, [this, id = profile.id](const QString& secret) {
        if (m_row >= 0 && m_profiles[size_t(m_row)].id == id && m_secret->text().isEmpty())
            m_secret->setText(secret);
    });
}

void ConnectionDialog::takeForm()
{
    if (m_filling || m_row < 0)
        return;
    Profile& profile = m_profiles[size_t(m_row)];
    profile.name = m_name->text().trimmed();
    if (const auto server = ProfileStore::parseServer(m_server->text()))
        profile.server = *server;
    profile.color = m_color->color();
    profile.signIn = m_signIn->currentIndex() == 0 ? SignIn::Password : SignIn::Token;
    profile.user = m_user->text().trimmed();
    const bool password = profile.signIn == SignIn::Password;
    m_userLabel->setVisible(password);
    m_user->setVisible(password);
    m_secretLabel->setText(password ? tr("Password") : tr("Token"));
    m_list->item(m_row)->setText(profile.title());
    m_list->item(m_row)->setIcon(dotIcon(profile.color));
    showVerdict();
}

void ConnectionDialog::showVerdict()
{
    const auto server = ProfileStore::parseServer(m_server->text());
    const bool password = m_signIn->currentIndex() == 0;
    m_connect->setEnabled(m_writing.isEmpty() && server && !m_secret->text().isEmpty()
        && (!password || !m_user->text().trimmed().isEmpty()));
}

void ConnectionDialog::showRefusal(const QString& text)
{
    m_message->setText(text);
}

void ConnectionDialog::addProfile()
{
    m_profiles.push_back(ProfileStore::fresh());
    fillList();
    m_list->setCurrentRow(int(m_profiles.size()) - 1);
    m_name->setFocus();
}

void ConnectionDialog::removeProfile()
{
    if (m_row < 0 || m_profiles.size() < 2)
        return;
    m_secrets.forget(m_profiles[size_t(m_row)].id);
    m_profiles.erase(m_profiles.begin() + m_row);
    m_store.save(m_profiles);
    const int next = std::min(m_row, int(m_profiles.size()) - 1);
    fillList();
    m_list->setCurrentRow(next);
    showProfile(next);
}

void ConnectionDialog::connectNow()
{
    takeForm();
    Profile& profile = m_profiles[size_t(m_row)];
    const QString secret = m_secret->text();
    const bool wasKept = profile.keepsSecret;
    profile.keepsSecret = m_keep->isChecked();
    if (!profile.keepsSecret) {
        if (wasKept)
            m_secrets.forget(profile.id);
        finish(profile, secret);
        return;
    }
    m_writing = profile.id;
    showVerdict();
    m_secrets.write(profile.id, secret, this,
        [this, id = profile.id, secret](bool kept) { handleWritten(id, secret, kept); });
}

/// The list may have changed while the keyring wrote: the profile is looked up anew.
void ConnectionDialog::handleWritten(const QString& id, const QString& secret, bool kept)
{
    m_writing.clear();
    showVerdict();
    const auto profile = std::ranges::find(m_profiles, id, &Profile::id);
    if (profile == m_profiles.end()) {
        m_secrets.forget(id); // removed meanwhile, and its secret with it
        return;
    }
    if (kept) {
        finish(*profile, secret);
        return;
    }
    profile->keepsSecret = false;
    if (m_profiles[size_t(m_row)].id != id)
        return;
    m_keep->setChecked(false);
    m_message->setText(tr("This desktop has no keyring, so nothing was written. Connect again "
                          "to use the secret for this run only."));
}

void ConnectionDialog::finish(const Profile& profile, const QString& secret)
{
    m_store.save(m_profiles);
    m_store.setLastUsed(profile.id);
    Credentials credentials;
    if (profile.signIn == SignIn::Token) {
        credentials.token = secret.trimmed().toUtf8();
    } else {
        credentials.name = profile.user;
        credentials.password = secret;
    }
    const Profile picked = profile;
    accept();
    Q_EMIT chosen(picked, credentials);
}

} // namespace gatehouse::gui
