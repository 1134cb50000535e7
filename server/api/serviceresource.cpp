// SPDX-License-Identifier: Apache-2.0
#include "server/api/serviceresource.h"

#include "server/api/page.h"
#include "server/work/journal.h"

namespace gatehouse::api {

using L = QLatin1StringView;

void ServiceResource::addTo(Router& router, const QString& base)
{
    const Callers all = Caller::User | Caller::Node | Caller::Container;
    router.add("GET", base + QStringLiteral("/version"), Caller::Anyone,
        [version = m_form == WireForm::V4 ? compatibleVersion : compatibleVersion5](
            const ApiCallPtr& call) {
            call->reply(200,
                {{L("version"), QString(version)},
                    {L("gatehouse"), QStringLiteral(GATEHOUSE_VERSION)}});
        });
    router.add("GET", base + QStringLiteral("/health"), Caller::Anyone,
        [this](const ApiCallPtr& call) { health(call); });
    router.add("GET", base + QStringLiteral("/blobstream/status"), all, [](const ApiCallPtr& call) {
        call->reply(200, {{L("blob_store_enabled"), false}});
    });
    router.add("DELETE", base + QStringLiteral("/port"), Caller::Node, [](const ApiCallPtr& call) {
        call->reply(200, {{L("msg"), QStringLiteral("Ports removed from database.")}});
    });
    router.add("GET", base + QStringLiteral("/port"), all,
        [](const ApiCallPtr& call) { replyPage(*call, {}, {}, 0); });
    router.add("GET", base + QStringLiteral("/vpn"), Caller::Node, [](const ApiCallPtr& call) {
        call->fail(501, ErrorCode::Unavailable, QStringLiteral("This server does not support VPN"));
    });
    router.add("GET", base + QStringLiteral("/algorithmstore"), all,
        [](const ApiCallPtr& call) { replyPage(*call, {}, {}, 0); });
    router.add(
        "GET", base + QStringLiteral("/algorithmstore/{id}"), all, [](const ApiCallPtr& call) {
            call->fail({ErrorCode::NotFound,
                QStringLiteral("Algorithm store id=%1 not found").arg(call->id())});
        });
}

/// Asks the database something it may well not have: any answer but "unavailable" is a good sign.
void ServiceResource::health(const ApiCallPtr& call)
{
    services().journal.setting(
        QStringLiteral("health"), guarded([call](const Result<QByteArray>& value) {
            const bool answers = value || value.error().code == ErrorCode::NotFound;
            call->reply(answers ? 200 : 503, {{L("database"), answers}});
        }));
}

} // namespace gatehouse::api
