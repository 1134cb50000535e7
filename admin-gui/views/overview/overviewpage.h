// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/consolemodels.h"
#include "admin-gui/views/page/page.h"

#include <array>
#include <functional>

namespace gatehouse::gui {

class RankList;
class StatTile;
class TimeChart;

/// The server at a glance: numbers, an hour of history, what is large and what needs eyes.
class OverviewPage final : public Page
{
    Q_OBJECT

public:
    OverviewPage(ConsoleModels& models, std::function<qint64()> now, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("overview"); }
    QString title() const override { return tr("Overview"); }
    QString icon() const override { return QStringLiteral("overview"); }
    Tone tone() const override;
    bool hasInspector() const override { return false; }
    void setDimmed(bool dimmed) override;
    void refresh() override;

private:
    void buildTiles();
    void buildCharts();
    void buildLists();
    void showNumbers();
    void showLists();
    std::vector<QWidget*> instruments() const;

    ConsoleModels& m_models;
    std::function<qint64()> m_now;
    StatTile* m_clients = nullptr;
    StatTile* m_nodes = nullptr;
    StatTile* m_tasks = nullptr;
    StatTile* m_events = nullptr;
    std::array<TimeChart*, 4> m_charts{};
    RankList* m_rooms = nullptr;
    RankList* m_darkNodes = nullptr;
    RankList* m_troubles = nullptr;
    class QLabel* m_uptime = nullptr;
    QWidget* m_content = nullptr;
};

} // namespace gatehouse::gui
