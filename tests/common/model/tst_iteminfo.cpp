// SPDX-License-Identifier: Apache-2.0
#include "common/model/clientinfo.h"
#include "common/model/nodeinfo.h"
#include "common/model/overviewinfo.h"
#include "common/model/roominfo.h"
#include "common/model/serviceinfo.h"
#include "common/model/taskinfo.h"

#include <QtTest>

using namespace gatehouse::model;
using namespace Qt::StringLiterals;

namespace {

ClientInfo sampleClient()
{
    ClientInfo info;
    info.sessionId = u"Zk3"_s;
    info.transport = u"websocket"_s;
    info.address = u"127.0.0.1"_s;
    info.userAgent = u"<b>agent</b>"_s;
    info.connectedAt = 1'800'000'000'000;
    info.kind = u"user"_s;
    info.id = 4;
    info.name = u"Anna"_s;
    info.tokenExpiresAt = 1'800'000'900'000;
    info.bytesOut = (qint64(1) << 53) + 1;
    info.sockets = {{u"s1"_s, u"/tasks"_s, {u"all_users"_s, u"collaboration_1"_s}}};
    return info;
}

TaskInfo sampleTask()
{
    TaskInfo info;
    info.id = 42;
    info.name = u"Averages"_s;
    info.status = u"active"_s;
    info.jobId = 40;
    info.parentId = 41;
    RunInfo run;
    run.id = 7;
    run.status = u"pending"_s;
    run.assignedAt = 5;
    info.runs = {run};
    return info;
}

NodeInfo sampleNode()
{
    NodeInfo info;
    info.id = 3;
    info.name = u"Utrecht"_s;
    info.online = true;
    info.config = {{u"cpu"_s, u"8"_s}};
    info.metrics = QJsonObject{{u"cpu_percent"_s, 12.5}};
    info.metricsAt = 1'800'000'000'000;
    return info;
}

RoomInfo sampleRoom()
{
    return {u"/tasks"_s, u"collaboration_1"_s, 5, 77, 1'800'000'000'000};
}

MemberInfo sampleMember()
{
    return {u"/tasks"_s, u"collaboration_1"_s, u"s1"_s, u"e1"_s, u"node"_s, 3, u"Utrecht"_s, 9};
}

OverviewInfo sampleOverview()
{
    OverviewInfo info;
    info.clients = 12;
    info.eventsInPerSecond = 1.5;
    return info;
}

BusInfo sampleBus()
{
    return {u"blocked"_s, u"gatehouse-1"_s, 1, 2, 3, 4, 5, 6};
}

ServiceInfo sampleService(bool isHere)
{
    ServiceInfo info;
    info.name = u"service.Filesystem"_s;
    info.node = u"gatehouse-1"_s;
    info.types = {u"file-join"_s, u"file-leave"_s};
    info.queues = {u"files"_s};
    if (isHere)
        info.here = ServiceConnection{1, u"Zk3"_s, true, 2, 3};
    return info;
}

ServiceTypeInfo sampleType()
{
    return {u"file-join"_s, true, {u"service.Filesystem"_s}, 4, 5};
}

/// Fields that may be left out of no item; the `key` repeats others and is not read.
template <class Item>
void checkEveryFieldIsRequired(const Item& item)
{
    const QJsonObject full = item.toJson();
    QCOMPARE(Item::fromJson(full), std::optional<Item>(item));
    for (const QString& field : full.keys()) {
        if (field == u"key"_s)
            continue;
        QJsonObject without = full;
        without.remove(field);
        QVERIFY2(!Item::fromJson(without), qPrintable(u"accepted without "_s + field));
        QJsonObject wrong = full;
        wrong.insert(
            field, full.value(field).isObject() ? QJsonValue(1) : QJsonValue(QJsonObject()));
        QVERIFY2(!Item::fromJson(wrong), qPrintable(u"accepted an object as "_s + field));
    }
}

} // namespace

class TestItemInfo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFieldOfAnItemIsRequired()
    {
        checkEveryFieldIsRequired(sampleClient());
        checkEveryFieldIsRequired(sampleTask());
        checkEveryFieldIsRequired(sampleTask().runs.front());
        checkEveryFieldIsRequired(sampleNode());
        checkEveryFieldIsRequired(sampleRoom());
        checkEveryFieldIsRequired(sampleMember());
        checkEveryFieldIsRequired(sampleOverview());
        checkEveryFieldIsRequired(sampleBus());
        checkEveryFieldIsRequired(sampleService(false));
        checkEveryFieldIsRequired(sampleService(true));
        checkEveryFieldIsRequired(sampleType());
    }

    void keysFollowTheProtocol()
    {
        QCOMPARE(sampleRoom().key(), u"/tasks|collaboration_1"_s);
        QCOMPARE(sampleMember().key(), u"/tasks|collaboration_1|s1"_s);
        QCOMPARE(sampleTask().key(), u"42"_s);
        QCOMPARE(sampleBus().key(), u"bus"_s);
        QCOMPARE(sampleService(true).key(), u"service service.Filesystem"_s);
        QCOMPARE(sampleType().key(), u"type file-join"_s);
        QCOMPARE(sampleRoom().toJson().value("key"_L1), QJsonValue(u"/tasks|collaboration_1"_s));
    }

    void wrongValuesAreRefused_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QJsonValue>("value");
        QTest::newRow("unknown kind") << u"kind"_s << QJsonValue(u"root"_s);
        QTest::newRow("unknown transport") << u"transport"_s << QJsonValue(u"carrier pigeon"_s);
        QTest::newRow("negative count") << u"packetsIn"_s << QJsonValue(-1);
        QTest::newRow("fraction where a whole number belongs") << u"bytesIn"_s << QJsonValue(1.5);
        QTest::newRow("number beyond 64 bits") << u"bytesIn"_s << QJsonValue(1e30);
        QTest::newRow("number as text") << u"bytesIn"_s << QJsonValue(u"5"_s);
        QTest::newRow("no session") << u"sessionId"_s << QJsonValue(QString());
        QTest::newRow("socket that is no object")
            << u"sockets"_s << QJsonValue(QJsonArray{QJsonValue(1)});
        QTest::newRow("socket without fields")
            << u"sockets"_s << QJsonValue(QJsonArray{QJsonObject()});
    }

    void wrongValuesAreRefused()
    {
        QFETCH(QString, field);
        QFETCH(QJsonValue, value);
        QJsonObject object = sampleClient().toJson();
        QVERIFY(ClientInfo::fromJson(object));
        object.insert(field, value);
        QVERIFY(!ClientInfo::fromJson(object));
    }

    /// One topic with three kinds of items.
    void theKeyOfAServicesItemSaysItsKind()
    {
        for (const ServicesItem& item : {ServicesItem{sampleBus()}, ServicesItem{sampleType()},
                 ServicesItem{sampleService(true)}, ServicesItem{sampleService(false)}}) {
            QCOMPARE(ServicesItem::fromJson(item.toJson()), std::optional<ServicesItem>(item));
            QCOMPARE(item.toJson().value("key"_L1), QJsonValue(item.key()));
        }
        QJsonObject object = sampleType().toJson();
        object.insert(u"key"_s, u"kind file-join"_s);
        QVERIFY(!ServicesItem::fromJson(object));
        object = sampleBus().toJson();
        object.insert(u"link"_s, u"sideways"_s);
        QVERIFY(!ServicesItem::fromJson(object));
        object = sampleService(false).toJson();
        object.insert(u"name"_s, QString());
        QVERIFY(!ServicesItem::fromJson(object));
    }

    void unknownFieldsOfANewerServerAreIgnored()
    {
        QJsonObject object = sampleNode().toJson();
        object.insert(u"battery"_s, 80);
        QCOMPARE(NodeInfo::fromJson(object), std::optional<NodeInfo>(sampleNode()));
    }
};

QTEST_GUILESS_MAIN(TestItemInfo)
#include "tst_iteminfo.moc"
