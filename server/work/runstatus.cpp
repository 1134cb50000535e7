// SPDX-License-Identifier: Apache-2.0
#include "server/work/runstatus.h"

#include <algorithm>
#include <array>

namespace gatehouse::work {

namespace {

using L = QLatin1StringView;
constexpr std::array<L, 14> names{L("pending"), L("initializing"), L("active"), L("completed"),
    L("failed"), L("start failed"), L("non-existing Docker image"), L("crashed"),
    L("killed by user"), L("not allowed"), L("unknown error"), L("dataframe not found"),
    L("depended on failed task"), L("unexpected output")};

} // namespace

QLatin1StringView name(RunStatus status)
{
    return names[size_t(status)];
}

std::optional<RunStatus> runStatusFromName(QStringView name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        return std::nullopt;
    return RunStatus(found - names.begin());
}

const std::vector<RunStatus>& allRunStatuses()
{
    static const std::vector<RunStatus> all = [] {
        std::vector<RunStatus> list;
        for (size_t i = 0; i < names.size(); ++i)
            list.push_back(RunStatus(i));
        return list;
    }();
    return all;
}

bool hasFailed(RunStatus status)
{
    return status > RunStatus::Completed;
}

bool hasFinished(RunStatus status)
{
    return status >= RunStatus::Completed;
}

bool canMove(RunStatus from, RunStatus to)
{
    if (from == to)
        return true;
    if (to == RunStatus::Pending)
        return false;
    return from != RunStatus::Completed && from != RunStatus::Killed;
}

RunStatus taskStatus(const std::vector<RunStatus>& runs)
{
    std::optional<RunStatus> failed;
    for (const RunStatus status : runs) {
        if (hasFailed(status))
            failed = (!failed || *failed == status) ? status : RunStatus::Failed;
    }
    if (failed)
        return *failed;
    for (const RunStatus wanted :
        {RunStatus::Active, RunStatus::Initializing, RunStatus::Pending}) {
        if (std::find(runs.begin(), runs.end(), wanted) != runs.end())
            return wanted;
    }
    return RunStatus::Completed;
}

} // namespace gatehouse::work
