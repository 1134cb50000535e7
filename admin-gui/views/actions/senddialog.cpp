// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/actions/senddialog.h"

#include "admin-gui/widgets/plainlabel.h"

#include <QFontDatabase>
#include <QJsonDocument>
#include <QLineEdit>
#include <QPlainTextEdit>

namespace gatehouse::gui {

SendDialog::SendDialog(const QString& nsp, const QString& room, qint64 members, QWidget* parent)
    : ConfirmDialog(tr("Send to room"), nsp % QStringLiteral(" \u203a ") % room,
        tr("Everybody in this room gets the message: %n member(s) now.", nullptr, int(members)),
        tr("Send"), parent)
{
    m_event = new QLineEdit(QStringLiteral("message"), this);
    m_event->setObjectName(QStringLiteral("sendEvent"));
    m_arguments = new QPlainTextEdit(this);
    m_arguments->setObjectName(QStringLiteral("sendArguments"));
    m_arguments->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_arguments->setPlainText(QStringLiteral("[\"\"]"));
    m_arguments->setTabChangesFocus(true);
    m_arguments->setFixedHeight(110);
    m_verdict = plainLabel(this);
    m_verdict->setProperty("ink", QStringLiteral("bad"));
    auto* eventLabel = plainLabel(this, tr("Event"));
    eventLabel->setBuddy(m_event);
    m_event->setAccessibleName(eventLabel->text());
    auto* argumentsLabel = plainLabel(this, tr("Arguments, as a JSON array"));
    argumentsLabel->setBuddy(m_arguments);
    m_arguments->setAccessibleName(argumentsLabel->text());
    addField(eventLabel);
    addField(m_event);
    addField(argumentsLabel);
    addField(m_arguments);
    addField(m_verdict);
    connect(m_event, &QLineEdit::textChanged, this, &SendDialog::showVerdict);
    connect(m_arguments, &QPlainTextEdit::textChanged, this, &SendDialog::showVerdict);
    showVerdict();
}

QString SendDialog::event() const
{
    return m_event->text().trimmed();
}

std::optional<QJsonArray> SendDialog::arguments() const
{
    const QByteArray text = m_arguments->toPlainText().trimmed().toUtf8();
    if (text.isEmpty())
        return QJsonArray();
    // Qt reads no scalars at the top level, so what is not an array is tried as its one element.
    const QByteArray array = text.startsWith('[') ? text : QByteArray('[' + text + ']');
    const QJsonDocument document = QJsonDocument::fromJson(array);
    if (!document.isArray())
        return std::nullopt;
    return document.array();
}

bool SendDialog::isComplete() const
{
    return ConfirmDialog::isComplete() && !event().isEmpty() && arguments().has_value();
}

void SendDialog::showVerdict()
{
    m_verdict->setText(arguments() ? QString() : tr("This is not JSON yet."));
    checkComplete();
}

} // namespace gatehouse::gui
