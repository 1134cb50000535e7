// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace gatehouse::gui {

/// Asks before something privileged is done: names the object, tells what will happen and wants a
/// reason, which goes into the audit log.
class ConfirmDialog : public QDialog
{
    Q_OBJECT

public:
    ConfirmDialog(const QString& title, const QString& object, const QString& consequence,
        const QString& button, QWidget* parent);

    QString reason() const;
    void setDangerous(bool dangerous);

protected:
    void addField(QWidget* field); ///< above the reason
    virtual bool isComplete() const;
    void checkComplete();

private:
    QVBoxLayout* m_fields;
    QLineEdit* m_reason;
    QPushButton* m_confirm;
};

} // namespace gatehouse::gui
