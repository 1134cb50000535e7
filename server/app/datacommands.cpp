// SPDX-License-Identifier: Apache-2.0
#include "server/app/datacommands.h"

#include "server/access/passwordhasher.h"
#include "server/app/opendata.h"
#include "server/store/await.h"
#include "server/store/beside.h"
#include "server/store/import.h"
#include "server/store/store.h"

#include <QCoreApplication>
#include <QFile>

#include <cstdio>

namespace gatehouse::app {

namespace {

void printCounts(const char* what, const store::ImportCounts& counts)
{
    if (counts.created + counts.updated > 0) {
        std::printf("%-15s %d new, %d changed\n", what, counts.created, counts.updated);
    }
}

/// Into the database, or into that of a server which has it open and then reads it again. `code` is
/// set where the reason has been said already, and where it is done but the server cannot be told.
Result<store::ImportReport> applyImport(
    const store::ImportData& data, const ConfigArguments& arguments, ExitCode& code)
{
    const auto configuration = loadConfiguration(arguments);
    if (configuration.isGood()) {
        auto beside = store::importBeside(
            configuration.configuration.server.data, data, configuration.configuration.storage);
        if (beside) {
            code = tellServer(beside->server);
            return beside->report;
        }
        if (beside.error().code != ErrorCode::NotFound) {
            return tl::unexpected(beside.error());
        }
    }
    const auto store = openStore(arguments, code);
    if (!store) {
        return failure(ErrorCode::Unavailable, QString());
    }
    return store::await<store::ImportReport>(
        [&](work::Completion<store::ImportReport> done) { store->applyImport(data, done); });
}

} // namespace

ExitCode importFile(int& argc, char** argv, const QString& file, const ConfigArguments& arguments)
{
    QCoreApplication application(argc, argv);
    QFile source(file);
    if (!source.open(QIODevice::ReadOnly)) {
        return fail(ExitCode::IoError, QString(file + QStringLiteral(": ") + source.errorString()));
    }
    // One byte more than is allowed, so that readImport() can refuse what is larger.
    auto data = store::readImport(source.read(store::maxImportBytes + 1));
    if (!data) {
        return fail(ExitCode::Failed, QString(file + QStringLiteral(": ") + data.error().detail));
    }
    const auto hashed = store::hashPasswords(
        *data, [](const QString& password) { return access::hashPassword(password.toUtf8()); });
    if (!hashed) {
        return fail(ExitCode::Failed, hashed.error().detail);
    }
    ExitCode code = ExitCode::Ok;
    const auto report = applyImport(*data, arguments, code);
    if (!report) {
        return code == ExitCode::Ok
            ? fail(ExitCode::Failed, QString(file + QStringLiteral(": ") + report.error().detail))
            : code;
    }
    printCounts("organizations", report->organizations);
    printCounts("collaborations", report->collaborations);
    printCounts("studies", report->studies);
    printCounts("nodes", report->nodes);
    printCounts("roles", report->roles);
    printCounts("users", report->users);
    return code;
}

ExitCode explainDecision(const ExplainArguments& question, const ConfigArguments& arguments)
{
    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    auto content = store::readDirectoryBeside(
        report.configuration.server.data, report.configuration.storage);
    if (!content) {
        return fail(ExitCode::Unavailable, content.error().detail);
    }
    work::Directory directory;
    directory.replace(std::move(*content));
    const auto explained = explain(directory, question);
    if (!explained) {
        return fail(ExitCode::Usage, explained.error().detail);
    }
    std::printf("%s", qPrintable(explained->text()));
    return explained->decision.allowed ? ExitCode::Ok : ExitCode::Failed;
}

ExitCode explainRelayDecision(const RelayQuestion& question, const ConfigArguments& arguments)
{
    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    const RelayTables& tables = report.configuration.relay;
    const SystemClock clock;
    QStringList warnings;
    const auto verifiers = makeClaimVerifiers(tables, clock, warnings);
    if (!verifiers) {
        return fail(ExitCode::BadConfiguration, verifiers.error().detail);
    }
    RelayQuestion asked = question;
    if (asked.token == QLatin1StringView("-")) {
        QFile input;
        if (input.open(stdin, QIODevice::ReadOnly)) {
            asked.token = QString::fromUtf8(input.readLine(64 * 1024)).trimmed();
        }
    }
    const auto answers = explainRelay(tables, *verifiers, asked);
    if (!answers) {
        return fail(ExitCode::Usage, answers.error().detail);
    }
    bool isAllowed = false;
    for (const Explanation& answer : *answers) {
        isAllowed = isAllowed || answer.decision.allowed;
        std::printf("%s", qPrintable(answer.text()));
    }
    return isAllowed ? ExitCode::Ok : ExitCode::Failed;
}

} // namespace gatehouse::app
