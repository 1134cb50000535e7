// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/elsewhere/questionline.h"
#include "server/app/elsewhere/restclient.h"
#include "server/identity/elsewhere.h"
#include "server/work/directory.h"

#include <QHash>

#include <utility>

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::app {

struct BesideOptions
{
    QString url; ///< of the other server's API, "http://127.0.0.1:5000/api"; empty: there is none
    Millis cache{60'000}; ///< what was learnt counts for so long before it is asked for again
    Millis timeout{5'000}; ///< of one question
    int maxUnderWay = 100; ///< holders, and runs, being asked for at a time
    int maxWaiting = 10'000; ///< further clients, and events, that wait for their turn
};

/// A vantage6 server (v4 or v5) beside this one, which keeps organizations, nodes, users, tasks and
/// runs; this one carries its events (docs/beside.md). Owned by the composition root; network
/// thread only.
class BesideServer final : public identity::Elsewhere
{
public:
    BesideServer(BesideOptions options, work::Directory& directory, observe::Metrics& metrics,
        const Clock& clock);
    ~BesideServer() override;
    Q_DISABLE_COPY_MOVE(BesideServer)

    identity::Inquiry learn(const access::Claims& claims, const QByteArray& token,
        std::function<void(Result<void>)> done) override;
    bool isSettled(const access::Claims& claims) const override;
    void findRun(NodeId asker, const QByteArray& token, RunId run,
        std::function<void(Result<work::RunRef>)> done) override;

private:
    using Learnt = std::function<void(Result<work::DirectoryContent>)>;

    void ask(const QByteArray& key, const access::Claims& claims, const QByteArray& token);
    void learnNode(const access::Claims& claims, const QByteArray& token, Learnt done);
    void learnUser(const access::Claims& claims, const QByteArray& token, Learnt done);
    void learnRules(
        work::User user, const QJsonArray& ruleIds, const QByteArray& token, Learnt done);
    void learnMemberships(work::User user, const QByteArray& token, Learnt done);
    Result<void> finish(const access::Claims& claims, const Result<work::DirectoryContent>& learnt);
    bool isKnown(const access::Claims& claims) const;
    bool isFresh(const access::Claims& claims) const;
    bool isPast(const access::Claims& claims) const;
    void forget(const access::Claims& claims);
    void forget(const work::Node* node);
    work::Organization organizationOf(OrganizationId id) const;
    work::Collaboration collaborationOf(CollaborationId id, const QString& name) const;
    void leaveOthers(OrganizationId organization, work::DirectoryContent& content) const;
    void report(const Error& error, const QString& about);
    void answerRun(
        NodeId asker, const std::pair<QByteArray, RunId>& key, const Result<QJsonObject>& answer);
    void forgetOldAnswers();

    const BesideOptions m_options;
    RestClient m_rest;
    work::Directory& m_directory;
    observe::Metrics& m_metrics;
    const Clock& m_clock;
    QHash<QByteArray, Millis> m_learntAt; ///< by holder; monotonic
    QHash<qint64, model::Rule> m_rules; ///< by number; the same for everybody
    // By hash of the token: what one may not see says nothing about another.
    QuestionLine<QByteArray, void> m_holders;
    QuestionLine<std::pair<QByteArray, RunId>, work::RunRef> m_runs;
    bool m_isFailing = false; ///< cannot be asked; said once
    bool m_isUnknowing = false; ///< does not know who asks; said once
};

} // namespace gatehouse::app
