// SPDX-License-Identifier: Apache-2.0
#include "server/store/pagequery.h"

#include <algorithm>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

/// SQLite takes 500 parts of a compound SELECT; a user with more collaborations than this waits.
constexpr qsizetype maxMerged = 100;

std::vector<qint64> numbers(Rows rows)
{
    std::vector<qint64> list;
    while (rows.next())
        list.push_back(rows.integer(0));
    return list;
}

} // namespace

Window window(work::Paging paging)
{
    const qint64 limit = std::clamp(paging.perPage, 1, 1'000);
    return {limit, (qint64(std::max(paging.page, 1)) - 1) * limit};
}

PageQuery::PageQuery(QString table) : m_table(std::move(table)), m_source(m_table) { }

void PageQuery::add(const QString& condition, const QVariantList& values)
{
    m_conditions += condition;
    m_values += values;
}

void PageQuery::addNarrow(const QString& condition, const QVariantList& values)
{
    add(condition, values);
    m_narrow = true;
}

void PageQuery::setCollaborations(const std::optional<std::vector<CollaborationId>>& wanted)
{
    if (!wanted)
        return;
    m_everyCollaboration = false;
    for (const CollaborationId id : *wanted)
        m_collaborations += bind(id.value);
}

qint64 PageQuery::count(Database& database) const
{
    if (!m_everyCollaboration && m_collaborations.isEmpty())
        return 0;
    Rows rows = database.queryList(
        select(u"COUNT(*)"_s, collaborationList()), m_values + m_collaborations);
    return rows.next() ? rows.integer(0) : 0;
}

std::vector<qint64> PageQuery::ids(Database& database, const Window& part) const
{
    if (!m_everyCollaboration && m_collaborations.isEmpty())
        return {};
    if (!m_narrow && m_collaborations.size() > 1 && m_collaborations.size() <= maxMerged)
        return merged(database, part);
    return numbers(database.queryList(select(m_table + u".id"_s, collaborationList())
            + u" ORDER BY "_s + m_table + u".id DESC LIMIT ? OFFSET ?"_s,
        m_values + m_collaborations + QVariantList{bind(part.limit), bind(part.offset)}));
}

QString PageQuery::select(const QString& what, const QString& collaborations) const
{
    QStringList conditions = m_conditions;
    if (!collaborations.isEmpty())
        conditions += collaborations;
    const QString start = u"SELECT "_s + what + u" FROM "_s + m_source;
    return conditions.isEmpty() ? start
                                : QString(start + u" WHERE "_s + conditions.join(u" AND "_s));
}

QString PageQuery::collaborationList() const
{
    if (m_everyCollaboration)
        return {};
    const QString marks = QStringList(m_collaborations.size(), u"?"_s).join(u',');
    // The plus keeps SQLite from taking the collaboration's index where a better one is at hand.
    return (m_narrow ? u"+"_s : u""_s) + m_table + u".collaboration_id IN ("_s + marks + u')';
}

/// The first rows of each collaboration, each from its index range, and then the first of those:
/// an IN list would sort every row of all the collaborations.
std::vector<qint64> PageQuery::merged(Database& database, const Window& part) const
{
    const QString one = u"SELECT id FROM ("_s
        + select(m_table + u".id AS id"_s, m_table + u".collaboration_id = ?"_s) + u" ORDER BY "_s
        + m_table + u".id DESC LIMIT ?) AS part"_s;
    QStringList parts;
    QVariantList values;
    for (const QVariant& collaboration : m_collaborations) {
        parts += one;
        values += m_values;
        values += collaboration;
        values += bind(part.limit + part.offset);
    }
    values += bind(part.limit);
    values += bind(part.offset);
    return numbers(database.queryList(
        parts.join(u" UNION ALL "_s) + u" ORDER BY id DESC LIMIT ? OFFSET ?"_s, values));
}

} // namespace gatehouse::store
