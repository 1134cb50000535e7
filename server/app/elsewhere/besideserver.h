// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/elsewhere/restclient.h"
#include "server/identity/elsewhere.h"
#include "server/work/directory.h"

#include <QHash>

#include <deque>
#include <memory>
#include <optional>

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::app {

struct BesideOptions
{
    QString url; ///< of the other server's API, "http://127.0.0.1:5000/api"; empty: there is none
    Millis cache{60'000}; ///< what was learnt counts for so long before it is asked for again
    Millis timeout{5'000}; ///< of one question
    int maxUnderWay = 100; ///< holders and runs being asked for at a time
};

/// A vantage6 server (v4 or v5) beside this one, which keeps organizations, nodes, users, tasks and
/// runs; this one carries its events (docs/beside.md). Owned by the composition root; network
/// thread only.
class BesideServer final : public identity::Elsewhere
{
public:
    BesideServer(
        BesideOptions options, work::Directory& directory, observe::Metrics& metrics, const Clock& clock);
    ~BesideServer() override;
    Q_DISABLE_COPY_MOVE(BesideServer)

    bool learn(const access::Claims& claims, const QByteArray& token,
        std::function<void()> done) override;
    void findRun(const QByteArray& token, RunId run,
        std::function<void(Result<work::RunRef>)> done) override;

private:
    using Learnt = std::function<void(Result<work::DirectoryContent>)>;

    void learnNode(const access::Claims& claims, const QByteArray& token, Learnt done);
    void learnUser(const access::Claims& claims, const QByteArray& token, Learnt done);
    void learnRules(work::User user, const QJsonArray& ruleIds, const QByteArray& token, Learnt done);
    void learnMemberships(work::User user, const QByteArray& token, Learnt done);
    void finish(const QByteArray& holder, const access::Claims& claims,
        const Result<work::DirectoryContent>& learnt);
    void forget(const access::Claims& claims);
    work::Collaboration collaborationOf(CollaborationId id, const QString& name) const;
    void leaveOthers(OrganizationId organization, work::DirectoryContent& content) const;
    void report(const Error& error);
    void forgetOldAnswers();

    const BesideOptions m_options;
    RestClient m_rest;
    work::Directory& m_directory;
    observe::Metrics& m_metrics;
    const Clock& m_clock;
    QHash<QByteArray, Millis> m_learntAt; ///< by holder; monotonic
    QHash<QByteArray, std::vector<std::function<void()>>> m_learning; ///< by holder
    QHash<RunId, std::vector<std::function<void(Result<work::RunRef>)>>> m_finding;
    bool m_isFailing = false;
};

} // namespace gatehouse::app
