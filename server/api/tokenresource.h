// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"
#include "server/work/records.h"

namespace gatehouse::api {

/// Logging in: users and admins by password, nodes by API key, containers through their node, and
/// everybody by refresh token. Failed logins are limited per address and account, counted, and
/// never say which part was wrong.
class TokenResource final : public Resource
{
public:
    TokenResource(ApiServices& services, WireForm form) : Resource(services), m_form(form) { }
    void addTo(Router& router, const QString& base) override;

private:
    void loginUser(const ApiCallPtr& call);
    void loginNode(const ApiCallPtr& call);
    void loginAdmin(const ApiCallPtr& call);
    void refresh(const ApiCallPtr& call);
    void makeContainerToken(const ApiCallPtr& call);
    void validate(const ApiCallPtr& call);

    /// Checks a password in its thread; `right` is called for the right one only.
    void checkPassword(const ApiCallPtr& call, const QString& account, const QString& password,
        const QByteArray& storedHash, std::function<void(bool needsRehash)> right);
    void rehash(UserId user, const QString& password);
    bool mayLogIn(const ApiCall& call, const QString& account = {});
    void loginFailed(const ApiCall& call, const QString& account);
    void replyUserTokens(const ApiCall& call, const work::User& user);
    void replyNodeTokens(const ApiCall& call, const work::Node& node);
    void replyContainerToken(
        const ApiCall& call, const work::TaskRecord& record, const QString& image);
    QStringList roleNames(const work::User& user) const;

    const WireForm m_form;
    QString m_base;
};

} // namespace gatehouse::api
