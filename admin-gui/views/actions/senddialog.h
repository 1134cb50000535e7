// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/views/actions/confirmdialog.h"

#include <QJsonArray>

class QPlainTextEdit;

namespace gatehouse::gui {

/// A message for everybody in a room: event name, arguments as JSON, reason.
class SendDialog final : public ConfirmDialog
{
    Q_OBJECT

public:
    SendDialog(const QString& nsp, const QString& room, qint64 members, QWidget* parent);

    QString event() const;

    /// The arguments, or nothing while the text is not a JSON array or a single JSON value.
    std::optional<QJsonArray> arguments() const;

protected:
    bool isComplete() const override;

private:
    void showVerdict();

    QLineEdit* m_event;
    QPlainTextEdit* m_arguments;
    QLabel* m_verdict;
};

} // namespace gatehouse::gui
