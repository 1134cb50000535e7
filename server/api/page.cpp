// SPDX-License-Identifier: Apache-2.0
#include "server/api/page.h"

namespace gatehouse::api {

namespace {

using L = QLatin1StringView;

QString linkTo(const protocol::HttpRequest& request, qint64 page)
{
    QUrlQuery query = request.query;
    query.removeAllQueryItems(QStringLiteral("page"));
    query.addQueryItem(QStringLiteral("page"), QString::number(page));
    return request.path + QLatin1Char('?') + query.toString(QUrl::FullyEncoded);
}

} // namespace

Result<work::Paging> pagingOf(const ApiCall& call)
{
    const auto page = call.queryId(L("page"));
    if (!page)
        return tl::unexpected<Error>(page.error());
    const auto perPage = call.queryId(L("per_page"));
    if (!perPage)
        return tl::unexpected<Error>(perPage.error());
    constexpr qint64 lastPage = 1'000'000;
    if (*page > lastPage)
        return failure(ErrorCode::BadRequest, QStringLiteral("The 'page' parameter is too large"));
    work::Paging paging;
    paging.page = *page == 0 ? 1 : int(*page);
    paging.perPage = *perPage == 0 ? call.options().defaultPerPage
                                   : int(std::min<qint64>(*perPage, call.options().maxPerPage));
    return paging;
}

void replyPage(const ApiCall& call, const QJsonArray& data, work::Paging paging, qint64 total)
{
    const qint64 pages = (total + paging.perPage - 1) / paging.perPage;
    QJsonObject links;
    QByteArrayList header;
    const auto add = [&](L rel, qint64 page) {
        const QString url = linkTo(call.request(), page);
        links.insert(rel, url);
        header.append('<' + url.toUtf8() + ">; rel=" + QByteArray(rel.data(), rel.size()));
    };
    add(L("first"), 1);
    if (paging.page > 1)
        add(L("previous"), paging.page - 1);
    add(L("self"), paging.page);
    if (paging.page < pages)
        add(L("next"), paging.page + 1);
    if (pages > 0)
        add(L("last"), pages);
    call.reply(200, {{QStringLiteral("data"), data}, {QStringLiteral("links"), links}},
        {{"total-count", QByteArray::number(total)}, {"Link", header.join(',')}});
}

} // namespace gatehouse::api
