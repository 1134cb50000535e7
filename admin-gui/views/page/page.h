// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/inspector.h"

#include <QAction>
#include <QWidget>

#include <vector>

class QSettings;

namespace gatehouse::gui {

/// One page of the window. It shows models, knows its selection, and tells the window what to put
/// into the inspector.
class Page : public QWidget
{
    Q_OBJECT

public:
    using QWidget::QWidget;

    virtual QString name() const = 0; ///< for the command line and the settings: "nodes"
    virtual QString title() const = 0;
    virtual QString icon() const = 0;
    virtual QString count() const { return {}; } ///< beside the name in the navigation
    virtual Tone tone() const { return Tone::Neutral; } ///< a dot when something needs eyes
    virtual bool hasInspector() const { return true; }
    virtual Details details() const { return {}; } ///< of the selection; empty without one
    virtual QString selectionHint() const { return {}; }
    /// Those for the selection, enabled as the link and the selected item allow right now.
    std::vector<QAction*> itemActions() const
    {
        std::vector<QAction*> actions;
        for (const ItemAction& item : selectionActions()) {
            item.action->setEnabled(m_live && item.isAllowed);
            actions.push_back(item.action);
        }
        return actions;
    }
    /// Whether what is shown is what the server has: otherwise actions are off.
    void setLive(bool live)
    {
        m_live = live;
        setDimmed(!live);
        itemActions();
    }
    virtual void focusFilter() { }
    virtual void selectFirst() { }
    virtual void setDimmed(bool) { } ///< the data may be out of date
    virtual void refresh() { } ///< once a second while visible: ages and durations
    virtual void saveState(QSettings&) const { }
    virtual void restoreState(const QSettings&) { }

protected:
    struct ItemAction
    {
        QAction* action;
        bool isAllowed = true; ///< by the selected item's own state
    };
    virtual std::vector<ItemAction> selectionActions() const { return {}; }

Q_SIGNALS:
    void summaryChanged(); ///< count() or tone()
    void detailsChanged();
    void jumpRequested(const QString& page, const QString& key); ///< "nodes", "3"

private:
    bool m_live = false;
};

} // namespace gatehouse::gui
