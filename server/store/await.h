// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/work/journal.h"

#include <QEventLoop>

#include <optional>

namespace gatehouse::store {

/// Makes a journal call and runs a local event loop until its completion has come: for the command
/// line and tests, which have nothing else to do. The server never waits.
///
///     auto admin = await<AdminAccount>([&](auto done) { store.createAdmin(wanted, done); });
template <class T, class Call>
Result<T> await(Call call)
{
    QEventLoop loop;
    std::optional<Result<T>> answer;
    call(work::Completion<T>([&](Result<T> result) {
        answer.emplace(std::move(result));
        loop.quit();
    }));
    if (!answer)
        loop.exec();
    return std::move(*answer);
}

} // namespace gatehouse::store
