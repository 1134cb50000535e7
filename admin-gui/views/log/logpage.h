// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/logfilter.h"
#include "admin-gui/views/page/page.h"

class QComboBox;
class QLabel;
class QToolButton;

namespace gatehouse::gui {

class FilterField;
class LogView;

/// The server's log as it is written.
class LogPage final : public Page
{
    Q_OBJECT

public:
    explicit LogPage(LogStore& log, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("log"); }
    QString title() const override { return tr("Live log"); }
    QString icon() const override { return QStringLiteral("log"); }
    bool hasInspector() const override { return false; }
    void focusFilter() override;
    void setDimmed(bool dimmed) override;
    void saveState(QSettings& settings) const override;
    void restoreState(const QSettings& settings) override;

    /// Writes the lines shown now as text; false when the file cannot be written.
    bool exportTo(const QString& path) const;

private:
    void buildHead();
    void applyCriteria();
    void applyHighlight();
    void showCounts();
    void handleExport();

    LogStore& m_log;
    LogFilter* m_filtered;
    LogView* m_view;
    QComboBox* m_level;
    FilterField* m_filter;
    FilterField* m_highlight;
    QToolButton* m_regex;
    QToolButton* m_pause;
    QLabel* m_counts;
    QWidget* m_head;
};

} // namespace gatehouse::gui
