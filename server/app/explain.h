// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/access/decision.h"
#include "server/work/directory.h"

#include <QString>
#include <QStringList>

namespace gatehouse::app {

struct ExplainArguments
{
    QString user; ///< name or number
    QString event; ///< of the federation namespace, or "kill", "create_task"
    QString collaboration; ///< name or number
};

struct Explanation
{
    QString question; ///< "anna (user 5, organization Aachen) hears new_task of heart (…)"
    access::Decision decision;
    QStringList sources; ///< where the rule comes from: `role "Viewer"`, `given directly`
    QStringList rooms; ///< that carry the event to this user
    QString remark; ///< what the answer does not cover; may be empty

    QString text() const; ///< lines for a terminal
};

/// Asks `access` the question the server asks at such an event. NotFound: user, collaboration;
/// BadRequest: an event nobody is told.
Result<Explanation> explain(const work::Directory& directory, const ExplainArguments& question);

} // namespace gatehouse::app
