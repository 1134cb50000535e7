// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/apicall.h"
#include "server/work/records.h"

#include <QJsonArray>

namespace gatehouse::api {

/// `page` and `per_page` of a request; BadRequest when they are no positive numbers.
Result<work::Paging> pagingOf(const ApiCall& call);

/// Answers with one page as vantage6 does: {"data": […], "links": {first, previous, self, next,
/// last}}, and the same links and the total in the headers `Link` and `total-count`.
void replyPage(const ApiCall& call, const QJsonArray& data, work::Paging paging, qint64 total);

/// Cuts the page out of a whole list and answers with it.
template <class Item, class ToJson>
void replyPageOf(const ApiCall& call, const std::vector<Item>& all, ToJson toJson)
{
    const auto paging = pagingOf(call);
    if (!paging)
        return call.fail(paging.error());
    QJsonArray data;
    const size_t first = size_t(paging->page - 1) * size_t(paging->perPage);
    for (size_t i = first; i < all.size() && i < first + size_t(paging->perPage); ++i)
        data.append(toJson(all[i]));
    replyPage(call, data, *paging, qint64(all.size()));
}

} // namespace gatehouse::api
