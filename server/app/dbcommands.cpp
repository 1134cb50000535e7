// SPDX-License-Identifier: Apache-2.0
#include "server/app/dbcommands.h"

#include "server/store/maintenance.h"

#include <QCoreApplication>

#include <cstdio>

namespace gatehouse::app {

namespace {

ExitCode fail(const Error& error)
{
    std::fprintf(stderr, "%s\n", qPrintable(error.detail));
    return error.code == ErrorCode::Unavailable ? ExitCode::Unavailable : ExitCode::Failed;
}

/// Runs a step with the configuration, or says what is wrong with that.
template <class Step>
ExitCode withConfiguration(int& argc, char** argv, const ConfigArguments& arguments, Step step)
{
    QCoreApplication application(argc, argv);
    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    return step(report.configuration.server.data, report.configuration.storage);
}

ExitCode print(const Result<store::DatabaseStatus>& status)
{
    if (!status) {
        return fail(status.error());
    }
    std::printf("database        %s\n", qPrintable(status->place));
    std::printf("schema          %d of %d\n", status->schemaVersion, status->programVersion);
    std::printf("size            %.1f MB\n", double(status->bytes) / 1e6);
    const std::pair<const char*, qint64> counts[]
        = {{"tasks", status->tasks}, {"runs", status->runs}, {"open runs", status->openRuns},
            {"audit records", status->auditRecords}};
    for (const auto& [name, count] : counts) {
        std::printf("%-15s %lld\n", name, static_cast<long long>(count));
    }
    return ExitCode::Ok;
}

} // namespace

ExitCode migrateDatabase(int& argc, char** argv, const ConfigArguments& arguments)
{
    return withConfiguration(
        argc, argv, arguments, [](const QString& data, const store::StoreOptions& options) {
            if (const auto opened = store::Store::open(data, options); !opened) {
                return fail(opened.error());
            }
            return print(store::databaseStatus(data, options));
        });
}

ExitCode showDatabase(int& argc, char** argv, const ConfigArguments& arguments)
{
    return withConfiguration(
        argc, argv, arguments, [](const QString& data, const store::StoreOptions& options) {
            return print(store::databaseStatus(data, options));
        });
}

ExitCode checkDatabase(int& argc, char** argv, const ConfigArguments& arguments)
{
    return withConfiguration(
        argc, argv, arguments, [](const QString& data, const store::StoreOptions& options) {
            const auto problems = store::databaseProblems(data, options);
            if (!problems) {
                return fail(problems.error());
            }
            for (const QString& problem : *problems) {
                std::printf("%s\n", qPrintable(problem));
            }
            if (problems->isEmpty()) {
                std::printf("sound\n");
            }
            return problems->isEmpty() ? ExitCode::Ok : ExitCode::Failed;
        });
}

ExitCode backUpDatabase(
    int& argc, char** argv, const QString& target, const ConfigArguments& arguments)
{
    return withConfiguration(
        argc, argv, arguments, [&target](const QString& data, const store::StoreOptions& options) {
            const auto done = store::backUpDatabase(data, options, target);
            return done ? ExitCode::Ok : fail(done.error());
        });
}

} // namespace gatehouse::app
