// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/topicsync.h"

#include <utility>

namespace gatehouse::gui {

using L = QLatin1StringView;

namespace {

/// The protocol leaves the epoch's type open (number or text); it is only ever compared.
QString epochOf(const QJsonObject& message)
{
    return message.value(L("epoch")).toVariant().toString();
}

} // namespace

void TopicSync::ask()
{
    m_phase = Phase::Asked;
    m_cursor.clear();
    m_items = {};
    m_waiting.clear();
}

TopicSync::Verdict TopicSync::snapshot(const QJsonObject& ack)
{
    if (m_phase != Phase::Asked)
        return Verdict::Ignored;
    if (!ack.value(L("version")).isDouble())
        return Verdict::Gap;
    m_epoch = epochOf(ack);
    m_version = ack.value(L("version")).toInteger();
    m_phase = Phase::Paging;
    return addPage(ack);
}

TopicSync::Verdict TopicSync::page(const QJsonObject& ack)
{
    return m_phase == Phase::Paging ? addPage(ack) : Verdict::Ignored;
}

TopicSync::Verdict TopicSync::addPage(const QJsonObject& ack)
{
    const QJsonValue items = ack.value(L("items"));
    const QJsonValue cursor = ack.value(L("cursor"));
    if (!items.isArray() || (!cursor.isNull() && !cursor.isString() && !cursor.isUndefined()))
        return Verdict::Gap;
    if (m_items.isEmpty()) {
        m_items = items.toArray();
    } else {
        for (const QJsonValue& item : items.toArray())
            m_items.append(item);
    }
    m_cursor = cursor.toString();
    if (!m_cursor.isEmpty())
        return Verdict::More;
    m_phase = Phase::Live;
    return Verdict::Complete;
}

TopicSync::Verdict TopicSync::change(const QJsonObject& message)
{
    if (m_phase != Phase::Paging && m_phase != Phase::Live)
        return Verdict::Ignored;
    const QJsonValue from = message.value(L("from"));
    const QJsonValue version = message.value(L("version"));
    if (!from.isDouble() || !version.isDouble())
        return Verdict::Gap;
    if (epochOf(message) != m_epoch)
        return Verdict::Gap;
    if (from.toInteger() != m_version)
        return Verdict::Gap;
    m_version = version.toInteger();
    if (m_phase == Phase::Live)
        return Verdict::Next;
    m_waiting.push_back(message);
    return Verdict::Ignored;
}

QJsonArray TopicSync::takeItems()
{
    return std::exchange(m_items, {});
}

std::vector<QJsonObject> TopicSync::takeWaiting()
{
    return std::exchange(m_waiting, {});
}

} // namespace gatehouse::gui
