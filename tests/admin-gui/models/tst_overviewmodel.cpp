// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/overviewmodel.h"

#include <QtTest>

#include <cmath>

using namespace gatehouse;
using namespace gatehouse::gui;

namespace {

model::OverviewInfo sample(qint64 uptimeMs, qint64 clients, qint64 errors = 0)
{
    model::OverviewInfo info;
    info.uptimeMs = uptimeMs;
    info.clients = clients;
    info.protocolErrors = errors;
    return info;
}

} // namespace

class TestOverviewModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anHourIsKeptAndNoMore()
    {
        OverviewModel model;
        for (int second = 1; second <= 4000; ++second)
            model.add(sample(second * 1000, second), second * 1000);
        const TimeSeries& series = model.series(OverviewModel::Clients);
        QCOMPARE(series.size(), size_t(3600));
        QCOMPARE(series.at(0), 401.0);
        QCOMPARE(series.last(), 4000.0);
        QCOMPARE(series.secondAt(0), 401);
        QCOMPARE(series.maximum(10), 4000.0);
    }

    void missingSecondsStayOpen()
    {
        OverviewModel model;
        model.add(sample(1000, 5), 10'000);
        model.add(sample(4000, 6), 13'500);
        const TimeSeries& series = model.series(OverviewModel::Clients);
        QCOMPARE(series.size(), size_t(4));
        QVERIFY(std::isnan(series.at(1)) && std::isnan(series.at(2)));
        QCOMPARE(series.at(3), 6.0);
    }

    void aLateSampleIsNoHole()
    {
        OverviewModel model;
        model.add(sample(1000, 5), 10'999);
        model.add(sample(2010, 6), 12'001);
        QCOMPARE(model.series(OverviewModel::Clients).size(), size_t(3));
        QCOMPARE(model.series(OverviewModel::Clients).at(1), 6.0);
    }

    void twoSamplesOfOneSecondAreOne()
    {
        OverviewModel model;
        model.add(sample(1000, 5), 10'100);
        model.add(sample(1500, 7), 10'900);
        QCOMPARE(model.series(OverviewModel::Clients).size(), size_t(1));
        QCOMPARE(model.series(OverviewModel::Clients).last(), 7.0);
    }

    void aLongAbsenceEmptiesTheHour()
    {
        OverviewModel model;
        model.add(sample(1000, 5), 10'000);
        model.add(sample(900'000'000, 6), 900'000'000);
        QCOMPARE(model.series(OverviewModel::Clients).size(), size_t(3600));
        QCOMPARE(model.series(OverviewModel::Clients).maximum(3600), 6.0);
    }

    void troublesAreThoseOfTheLastMinute()
    {
        OverviewModel model;
        model.add(sample(1000, 1, 40), 1000);
        QCOMPARE(model.recentTroubles(), 0); // old ones are no news
        model.add(sample(2000, 1, 43), 2000);
        QCOMPARE(model.recentTroubles(), 3);
        for (int second = 3; second < 70; ++second)
            model.add(sample(second * 1000, 1, 43), second * 1000);
        QCOMPARE(model.recentTroubles(), 0);
        model.add(sample(500, 1, 0), 80'000); // the server restarted
        QCOMPARE(model.recentTroubles(), 0);
    }
};

QTEST_GUILESS_MAIN(TestOverviewModel)
#include "tst_overviewmodel.moc"
