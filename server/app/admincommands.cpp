// SPDX-License-Identifier: Apache-2.0
#include "server/app/admincommands.h"

#include "server/access/passwordhasher.h"
#include "server/access/secrets.h"
#include "server/app/opendata.h"
#include "server/store/await.h"
#include "server/store/beside.h"

#include <QCoreApplication>
#include <QDateTime>

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace gatehouse::app {

namespace {

/// A line without echo, as a terminal asks for a password.
QByteArray promptedLine(const char* prompt)
{
    std::fputs(prompt, stderr);
    termios before{};
    tcgetattr(STDIN_FILENO, &before);
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::string line;
    std::getline(std::cin, line);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputs("\n", stderr);
    return QByteArray::fromStdString(line);
}

Result<QByteArray> askedPassword()
{
    constexpr qsizetype least = 8;
    QByteArray password;
    if (isatty(STDIN_FILENO) == 1) {
        password = promptedLine("Password: ");
        if (promptedLine("Again: ") != password) {
            return failure(ErrorCode::BadRequest, QStringLiteral("the two are not the same"));
        }
    } else {
        std::string line;
        std::getline(std::cin, line);
        password = QByteArray::fromStdString(line);
    }
    if (password.size() < least) {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("a password needs at least %1 characters").arg(least));
    }
    return password;
}

struct FreshPassword
{
    QByteArray text;
    QByteArray hash; ///< PHC string
};

Result<FreshPassword> freshPassword(PasswordSource source)
{
    const auto text = source == PasswordSource::Generate
        ? Result<QByteArray>(access::oneTimePassword().toUtf8())
        : askedPassword();
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto hash = access::hashPassword(*text);
    if (!hash) {
        return tl::unexpected(hash.error());
    }
    return FreshPassword{*text, *hash};
}

/// In the database, or in that of a server which has it open and then reads it again. `code` is set
/// where the reason has been said already, and where it is done but the server cannot be told.
Result<work::AdminAccount> apply(
    const store::AdminChange& change, const ConfigArguments& arguments, ExitCode& code)
{
    const Millis now = SystemClock().wall();
    const auto configuration = loadConfiguration(arguments);
    if (configuration.isGood()) {
        const auto beside = store::changeAdminBeside(configuration.configuration.server.data,
            change, now, configuration.configuration.storage);
        if (!beside) {
            return tl::unexpected(beside.error());
        }
        if (*beside) {
            code = tellServer((*beside)->server);
            return (*beside)->account;
        }
    }
    const auto store = openStore(arguments, code);
    if (!store) {
        return failure(ErrorCode::Unavailable, QString());
    }
    return store::await<work::AdminAccount>([&](work::Completion<work::AdminAccount> done) {
        store->changeAdmin(change, now, std::move(done));
    });
}

/// The error is that of a change that was not made; one that was made may end badly all the same.
tl::expected<ExitCode, ExitCode> change(
    const store::AdminChange& wanted, const char* what, const ConfigArguments& arguments)
{
    ExitCode code = ExitCode::Ok;
    const auto account = apply(wanted, arguments, code);
    if (!account) {
        return tl::unexpected(
            code == ExitCode::Ok ? fail(ExitCode::Failed, account.error().detail) : code);
    }
    std::fprintf(stderr, "Administrator %lld \"%s\" %s.\n",
        static_cast<long long>(account->id.value), qPrintable(account->name), what);
    return code;
}

/// A change that needs a password; one that was made here is printed when it counts.
template <class Wanted>
ExitCode changeWithPassword(
    const AdminArguments& admin, const char* what, const ConfigArguments& arguments, Wanted wanted)
{
    const auto password = freshPassword(admin.source());
    if (!password) {
        return fail(ExitCode::Failed, password.error().detail);
    }
    const auto code = change(wanted(password->hash), what, arguments);
    if (code && admin.generate) {
        std::printf("%s\n", password->text.constData());
    }
    return code ? *code : code.error();
}

} // namespace

ExitCode createAdmin(
    int& argc, char** argv, const AdminArguments& admin, const ConfigArguments& arguments)
{
    QCoreApplication application(argc, argv);
    return changeWithPassword(
        admin, "was made", arguments, [&admin](const QByteArray& hash) -> store::AdminChange {
            return work::NewAdmin{admin.name, hash, SystemClock().wall()};
        });
}

ExitCode changeAdminPassword(
    int& argc, char** argv, const AdminArguments& admin, const ConfigArguments& arguments)
{
    QCoreApplication application(argc, argv);
    return changeWithPassword(admin, "has another password", arguments,
        [&admin](const QByteArray& hash) -> store::AdminChange {
            return store::NewAdminPassword{admin.name, hash};
        });
}

ExitCode removeAdmin(
    int& argc, char** argv, const AdminArguments& admin, const ConfigArguments& arguments)
{
    QCoreApplication application(argc, argv);
    const auto code
        = change(store::AdminRemoval{admin.name, admin.force}, "was removed", arguments);
    return code ? *code : code.error();
}

ExitCode listAdmins(int& argc, char** argv, const ConfigArguments& arguments)
{
    QCoreApplication application(argc, argv);
    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    const auto content = store::readDirectoryBeside(
        report.configuration.server.data, report.configuration.storage);
    if (!content) {
        return fail(ExitCode::Unavailable, content.error().detail);
    }
    for (const work::AdminAccount& account : content->admins) {
        const QDateTime made = QDateTime::fromMSecsSinceEpoch(account.createdAt.count(), Qt::UTC);
        std::printf("%lld\t%s\t%s\n", static_cast<long long>(account.id.value),
            qPrintable(account.name), qPrintable(made.toString(Qt::ISODate)));
    }
    return ExitCode::Ok;
}

} // namespace gatehouse::app
