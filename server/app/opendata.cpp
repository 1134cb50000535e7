// SPDX-License-Identifier: Apache-2.0
#include "server/app/opendata.h"

#include "server/store/store.h"

#include <csignal>
#include <cstdio>

namespace gatehouse::app {

ExitCode fail(ExitCode code, const QString& text)
{
    std::fprintf(stderr, "%s\n", qPrintable(text));
    return code;
}

std::unique_ptr<store::Store> openStore(const ConfigArguments& arguments, ExitCode& code)
{
    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        code = ExitCode::BadConfiguration;
        return nullptr;
    }
    auto opened
        = store::Store::open(report.configuration.server.data, report.configuration.storage);
    if (!opened) {
        code = fail(ExitCode::Unavailable, opened.error().detail);
        return nullptr;
    }
    return std::move(*opened);
}

void tellServer(qint64 process)
{
    if (::kill(pid_t(process), SIGHUP) == 0) {
        std::fprintf(stderr, "The running server (process %lld) reads it now.\n",
            static_cast<long long>(process));
    }
}

} // namespace gatehouse::app
