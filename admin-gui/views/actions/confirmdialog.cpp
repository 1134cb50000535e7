// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/actions/confirmdialog.h"

#include "admin-gui/widgets/plainlabel.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

namespace gatehouse::gui {

namespace {

constexpr int longestReason = 500;

} // namespace

ConfirmDialog::ConfirmDialog(const QString& title, const QString& object,
    const QString& consequence, const QString& button, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("confirmDialog"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(title);
    setWindowModality(Qt::WindowModal);
    setMinimumWidth(460);

    auto* name = plainLabel(this, object);
    name->setObjectName(QStringLiteral("confirmObject"));
    name->setWordWrap(true);
    QFont font = name->font();
    font.setPointSizeF(font.pointSizeF() * 1.2);
    font.setWeight(QFont::DemiBold);
    name->setFont(font);
    auto* what = plainLabel(this, consequence);
    what->setWordWrap(true);
    m_fields = new QVBoxLayout;
    m_fields->setSpacing(6);
    m_reason = new QLineEdit(this);
    m_reason->setObjectName(QStringLiteral("confirmReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setPlaceholderText(tr("Why? This is kept in the audit log."));
    auto* reasonLabel = plainLabel(this, tr("Reason"));
    reasonLabel->setBuddy(m_reason);
    m_reason->setAccessibleName(reasonLabel->text());

    m_confirm = new QPushButton(button, this);
    m_confirm->setObjectName(QStringLiteral("confirmButton"));
    m_confirm->setDefault(true);
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setAutoDefault(false);
    connect(m_confirm, &QPushButton::clicked, this, &QDialog::accept);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_confirm);
    connect(m_reason, &QLineEdit::textChanged, this, &ConfirmDialog::checkComplete);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 18, 20, 16);
    layout->setSpacing(8);
    layout->addWidget(name);
    layout->addWidget(what);
    layout->addSpacing(6);
    layout->addLayout(m_fields);
    layout->addWidget(reasonLabel);
    layout->addWidget(m_reason);
    layout->addSpacing(10);
    layout->addLayout(buttons);
    m_reason->setFocus();
    m_confirm->setEnabled(false);
}

QString ConfirmDialog::reason() const
{
    return m_reason->text().trimmed();
}

void ConfirmDialog::setDangerous(bool dangerous)
{
    m_confirm->setProperty("tone", dangerous ? QStringLiteral("danger") : QString());
    style()->unpolish(m_confirm);
    style()->polish(m_confirm);
}

void ConfirmDialog::addField(QWidget* field)
{
    m_fields->addWidget(field);
}

bool ConfirmDialog::isComplete() const
{
    return !reason().isEmpty();
}

void ConfirmDialog::checkComplete()
{
    m_confirm->setEnabled(isComplete());
}

} // namespace gatehouse::gui
