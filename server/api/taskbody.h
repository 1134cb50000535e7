// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/api/apioptions.h"
#include "server/work/taskservice.h"

#include <QJsonObject>

namespace gatehouse::work {
class Directory;
}

namespace gatehouse::api {

/// Reads the body of POST task (vantage6 4.x): name, description, image, collaboration_id or
/// study_id, organizations [{id, input}], databases [{label, …}]. The collaboration is that of the
/// study when only the study is named. Of v5: `arguments` for `input`, databases in lists, and
/// method, action, session_id, depends_on_ids. NotFound, BadRequest.
Result<work::TaskRequest> readTaskBody(
    const QJsonObject& body, WireForm form, const work::Directory& directory);

/// An encrypted collaboration takes no input that anybody could read, so that nobody stores secrets
/// in clear by mistake. BadRequest.
Result<void> checkInputEncryption(
    const work::TaskRequest& request, const work::Collaboration& collaboration);

} // namespace gatehouse::api
