// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QAction>
#include <QWidget>

#include <vector>

class QGridLayout;
class QLabel;
class QScrollArea;
class QVBoxLayout;

namespace gatehouse::gui {

/// What the inspector shows of one thing. All of it is plain text.
struct Details
{
    struct Row
    {
        QString label;
        QString value;
        bool fixedWidth = false; ///< ids, addresses
        friend bool operator==(const Row&, const Row&) = default;
    };
    struct Section
    {
        QString title;
        std::vector<Row> rows;
        friend bool operator==(const Section&, const Section&) = default;
    };

    QString icon;
    QString title;
    QString subtitle;
    QString badge;
    Tone tone = Tone::Neutral;
    std::vector<Section> sections;

    bool isEmpty() const { return title.isEmpty(); }
    friend bool operator==(const Details&, const Details&) = default;
};

/// The right side of the window: properties of the selected thing, to read and to copy, with its
/// actions below. Texts are replaced in place, so a selection made with the mouse survives updates.
class Inspector final : public QWidget
{
    Q_OBJECT

public:
    explicit Inspector(QWidget* parent = nullptr);

    void setDetails(const Details& details);
    void setActions(const std::vector<QAction*>& actions); ///< not owned
    void setDimmed(bool dimmed); ///< what is shown may be out of date; still to read and copy
    void setHint(const QString& hint); ///< shown while nothing is selected
    const Details& details() const { return m_details; }
    QSize sizeHint() const override { return {300, 400}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void rebuild();
    void refill();
    static bool sameShape(const Details& a, const Details& b);

    Details m_details;
    bool m_dimmed = false;
    QString m_hint;
    QWidget* m_head;
    QLabel* m_icon;
    QLabel* m_title;
    QLabel* m_subtitle;
    QLabel* m_badge;
    QScrollArea* m_scroll;
    QWidget* m_body = nullptr;
    std::vector<QLabel*> m_values;
    QWidget* m_actionBox;
    QVBoxLayout* m_actionLayout;
    std::vector<QAction*> m_actions;
};

} // namespace gatehouse::gui
