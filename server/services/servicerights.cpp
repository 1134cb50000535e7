// SPDX-License-Identifier: Apache-2.0
#include "server/services/servicerights.h"

namespace gatehouse::services {

namespace {

Result<ServiceRights> rightsIn(const QStringList& words)
{
    ServiceRights rights;
    const std::pair<QLatin1StringView, TypePatterns*> known[]{
        {QLatin1StringView("wants"), &rights.wants}, {QLatin1StringView("sends"), &rights.sends},
        {QLatin1StringView("serves"), &rights.serves}, {QLatin1StringView("asks"), &rights.asks},
        {QLatin1StringView("publishes"), &rights.publishes}};
    for (const QString& word : words) {
        const qsizetype at = word.indexOf(u'=');
        const auto list = std::find_if(std::begin(known), std::end(known),
            [&](const auto& one) { return at > 0 && word.first(at) == one.first; });
        if (list == std::end(known)) {
            return failure(ErrorCode::BadRequest,
                word + QStringLiteral(" is none of wants=, sends=, serves=, asks=, publishes="));
        }
        auto patterns = TypePatterns::parse(word.sliced(at + 1).split(u'|', Qt::SkipEmptyParts));
        if (!patterns)
            return tl::unexpected(patterns.error());
        *list->second = *std::move(patterns);
    }
    return rights;
}

} // namespace

Result<ServiceRightsTable> ServiceRightsTable::parse(const QStringList& lines)
{
    ServiceRightsTable table;
    if (!lines.isEmpty())
        table.m_others = {};
    for (const QString& line : lines) {
        QStringList words = line.simplified().split(u' ');
        const QString who = words.takeFirst();
        bool isNumber = false;
        const qint64 id = who.toLongLong(&isNumber);
        auto rights = rightsIn(words);
        if (!rights)
            return tl::unexpected(rights.error());
        if (who == u'*')
            table.m_others = *std::move(rights);
        else if (!isNumber || id < 1 || !table.m_rights.emplace(id, *std::move(rights)).second)
            return failure(ErrorCode::BadRequest,
                QStringLiteral("\"%1\" begins with no number of a service, or with one that has a "
                               "line already")
                    .arg(line));
    }
    return table;
}

const ServiceRights& ServiceRightsTable::of(qint64 id) const
{
    const auto own = m_rights.find(id);
    return own == m_rights.end() ? m_others : own->second;
}

} // namespace gatehouse::services
