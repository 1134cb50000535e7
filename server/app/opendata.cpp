// SPDX-License-Identifier: Apache-2.0
#include "server/app/opendata.h"

#include "server/store/store.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

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

ExitCode tellServer(qint64 process)
{
    if (::kill(pid_t(process), SIGHUP) == 0) {
        std::fprintf(stderr, "The running server (process %lld) reads it now.\n",
            static_cast<long long>(process));
        return ExitCode::Ok;
    }
    if (errno == ESRCH) {
        return ExitCode::Ok; // gone since: its next start reads it
    }
    // It matters most where somebody was to lose a right.
    return fail(ExitCode::Failed,
        QStringLiteral("It is written, but the running server (process %1) could not be told (%2) "
                       "and goes by what it read before: send it SIGHUP.")
            .arg(QString::number(process), QString::fromLocal8Bit(std::strerror(errno))));
}

} // namespace gatehouse::app
