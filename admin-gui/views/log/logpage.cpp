// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/log/logpage.h"

#include "admin-gui/widgets/filterfield.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/logview.h"
#include "admin-gui/widgets/plainlabel.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QMessageBox>
#include <QSaveFile>
#include <QSettings>
#include <QToolButton>
#include <QVBoxLayout>

namespace gatehouse::gui {

LogPage::LogPage(LogStore& log, QWidget* parent) : Page(parent), m_log(log)
{
    setObjectName(QStringLiteral("logPage"));
    setProperty("pane", QStringLiteral("base"));
    setAttribute(Qt::WA_StyledBackground);
    m_filtered = new LogFilter(&log, this);
    m_view = new LogView(this);
    m_view->setAccessibleName(title());
    m_view->setSource(m_filtered);
    m_head = new QWidget(this);
    m_head->setProperty("pane", QStringLiteral("header"));
    m_head->setAttribute(Qt::WA_StyledBackground);
    buildHead();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_head);
    layout->addWidget(m_view, 1);

    connect(m_filter, &FilterField::filterChanged, this, &LogPage::applyCriteria);
    connect(m_level, &QComboBox::currentIndexChanged, this, &LogPage::applyCriteria);
    connect(m_regex, &QToolButton::toggled, this, &LogPage::applyCriteria);
    connect(m_highlight, &FilterField::filterChanged, this, &LogPage::applyHighlight);
    connect(m_highlight, &QLineEdit::returnPressed, this, [this] {
        LogCriteria wanted{model::LogLevel::Debug, m_highlight->text(), m_regex->isChecked()};
        m_view->findNext(wanted.pattern(), true);
    });
    connect(m_pause, &QToolButton::clicked, m_view, &LogView::setPaused);
    connect(m_view, &LogView::pausedChanged, this, [this](bool paused) {
        m_pause->setChecked(paused);
        m_pause->setIcon(themedIcon(paused ? QStringLiteral("play") : QStringLiteral("pause")));
        m_pause->setText(paused ? tr("Follow") : tr("Pause"));
    });
    connect(m_filtered, &LineSource::rowsChanged, this, &LogPage::showCounts);
    connect(m_filtered, &LineSource::rowsReset, this, &LogPage::showCounts);
    applyCriteria();
    showCounts();
}

void LogPage::buildHead()
{
    auto* heading = plainLabel(m_head, title());
    QFont large = heading->font();
    large.setPointSizeF(large.pointSizeF() * 1.45);
    large.setWeight(QFont::DemiBold);
    heading->setFont(large);
    m_counts = plainLabel(m_head);
    m_counts->setProperty("ink", QStringLiteral("muted"));
    m_counts->setObjectName(QStringLiteral("counts"));
    m_level = new QComboBox(m_head);
    m_level->setObjectName(QStringLiteral("level"));
    m_level->setAccessibleName(tr("Lowest level"));
    m_level->addItems({tr("All levels"), tr("Info and up"), tr("Warnings and up"),
        tr("Errors and up"), tr("Critical only")});
    m_filter = new FilterField(QStringLiteral("search"), m_head);
    m_filter->setObjectName(QStringLiteral("filter"));
    m_filter->setPlaceholderText(tr("Filter, or task:42 node:3"));
    m_filter->setMinimumWidth(150);
    m_regex = new QToolButton(m_head);
    m_regex->setObjectName(QStringLiteral("regex"));
    m_regex->setCheckable(true);
    m_regex->setIcon(themedIcon(QStringLiteral("regex")));
    m_regex->setToolTip(tr("Read the filter as a regular expression"));
    m_highlight = new FilterField(QStringLiteral("highlight"), m_head);
    m_highlight->setObjectName(QStringLiteral("highlight"));
    m_highlight->setPlaceholderText(tr("Highlight"));
    m_highlight->setToolTip(tr("Marks without hiding; Enter goes to the match before"));
    m_highlight->setMinimumWidth(110);
    m_highlight->setMaximumWidth(170);
    m_pause = new QToolButton(m_head);
    m_pause->setObjectName(QStringLiteral("pause"));
    m_pause->setCheckable(true);
    m_pause->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_pause->setIcon(themedIcon(QStringLiteral("pause")));
    m_pause->setText(tr("Pause"));
    m_pause->setToolTip(tr("Stop and go on (Space)"));
    auto* copy = new QToolButton(m_head);
    copy->setIcon(themedIcon(QStringLiteral("copy")));
    copy->setToolTip(tr("Copy the selected lines"));
    connect(copy, &QToolButton::clicked, m_view, &LogView::copy);
    auto* save = new QToolButton(m_head);
    save->setIcon(themedIcon(QStringLiteral("export")));
    save->setToolTip(tr("Export the lines shown to a file"));
    connect(save, &QToolButton::clicked, this, &LogPage::handleExport);

    auto* first = new QHBoxLayout;
    first->setSpacing(10);
    first->addWidget(heading, 0, Qt::AlignBaseline);
    first->addWidget(m_counts, 0, Qt::AlignBaseline);
    first->addStretch(1);
    first->addWidget(m_pause);
    first->setSpacing(6);
    first->addWidget(copy);
    first->addWidget(save);
    auto* second = new QHBoxLayout;
    second->setSpacing(8);
    second->addWidget(m_level);
    second->addWidget(m_filter, 1);
    second->addWidget(m_regex);
    second->addWidget(m_highlight);
    auto* head = new QVBoxLayout(m_head);
    head->setContentsMargins(18, 14, 14, 12);
    head->setSpacing(10);
    head->addLayout(first);
    head->addLayout(second);
}

void LogPage::applyCriteria()
{
    LogCriteria criteria;
    criteria.lowest = model::LogLevel(m_level->currentIndex());
    criteria.text = m_filter->text().trimmed();
    criteria.isRegex = m_regex->isChecked();
    const QRegularExpression pattern = criteria.pattern();
    m_filter->setInvalid(!pattern.isValid());
    m_filter->setToolTip(pattern.isValid() ? QString() : pattern.errorString());
    if (!pattern.isValid())
        return; // what was shown stays until the expression makes sense
    m_filtered->setCriteria(criteria);
    applyHighlight();
    if (criteria.isEmpty())
        m_view->setEmptyMessage(
            tr("No log lines yet"), tr("Lines appear as the server writes them."));
    else
        m_view->setEmptyMessage(
            tr("No line matches"), tr("New lines that match will appear here."));
}

void LogPage::applyHighlight()
{
    // Without words of its own the highlight shows why a line passed the filter.
    const QString text = m_highlight->text().isEmpty() ? m_filter->text() : m_highlight->text();
    const LogCriteria wanted{model::LogLevel::Debug, text.trimmed(), m_regex->isChecked()};
    const QRegularExpression pattern = wanted.pattern();
    m_highlight->setInvalid(!pattern.isValid() && !m_highlight->text().isEmpty());
    if (pattern.isValid())
        m_view->setHighlight(pattern);
}

void LogPage::showCounts()
{
    const qint64 all = m_log.endRow() - m_log.firstRow();
    const QString lines = m_filtered->criteria().isEmpty()
        ? tr("%1 lines").arg(formatCount(all))
        : tr("%1 of %2 lines").arg(formatCount(m_filtered->matchCount()), formatCount(all));
    m_counts->setText(m_log.missingLines() > 0
            ? tr("%1, %2 missing").arg(lines, formatCount(m_log.missingLines()))
            : lines);
}

void LogPage::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

void LogPage::setDimmed(bool dimmed)
{
    m_view->setDimmed(dimmed);
}

void LogPage::saveState(QSettings& settings) const
{
    settings.setValue(QStringLiteral("log/level"), m_level->currentIndex());
    settings.setValue(QStringLiteral("log/regex"), m_regex->isChecked());
}

void LogPage::restoreState(const QSettings& settings)
{
    m_level->setCurrentIndex(settings.value(QStringLiteral("log/level"), 0).toInt());
    m_regex->setChecked(settings.value(QStringLiteral("log/regex"), false).toBool());
}

bool LogPage::exportTo(const QString& path) const
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return false;
    for (qint64 row = m_filtered->firstRow(); row < m_filtered->endRow(); ++row)
        file.write(QString(m_view->textOf(row) % u'\n').toUtf8());
    return file.commit();
}

void LogPage::handleExport()
{
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Export log"), QStringLiteral("gatehouse.log"), tr("Text (*.log *.txt)"));
    if (!path.isEmpty() && !exportTo(path))
        QMessageBox::warning(this, tr("Export log"), tr("The file could not be written."));
}

} // namespace gatehouse::gui
