// SPDX-License-Identifier: Apache-2.0
#include "server/app/firstadmin.h"

#include "server/access/passwordhasher.h"
#include "server/access/secrets.h"
#include "server/observe/log.h"
#include "server/store/await.h"
#include "server/store/store.h"

#include <QFile>

#include <unistd.h>

#include <cstdio>

namespace gatehouse::app {

namespace {

bool hasTerminal()
{
    return isatty(STDERR_FILENO) == 1;
}

QString noteFile(const store::Store& store)
{
    return store.directory() + QStringLiteral("/first-admin");
}

// Before the account is made: an account whose password nobody can read would lock everybody out.
Result<void> writeNote(const QString& path, const QString& name, const QString& password)
{
    QFile::remove(path); // of an account that is gone
    return access::createSecretFile(path, QString(name + u'\n' + password + u'\n').toUtf8());
}

void show(const QString& name, const QString& password)
{
    std::fprintf(stderr,
        "\nFirst start: the administrator \"%s\" was made with the password\n\n    %s\n\n"
        "It is shown this once. Open the console with it, or make another administrator with\n"
        "    gatehouse admin create NAME\n\n",
        qPrintable(name), qPrintable(password));
}

} // namespace

Result<void> ensureFirstAdmin(
    store::Store& store, work::DirectoryContent& content, const Clock& clock)
{
    if (!content.admins.empty()) {
        return {};
    }
    const QString name = QStringLiteral("admin");
    const QString password = access::oneTimePassword();
    const auto hash = access::hashPassword(password.toUtf8());
    if (!hash) {
        return tl::unexpected(hash.error());
    }
    // The log is no place for it, and where stderr is no terminal a collector may be reading.
    const bool onTerminal = hasTerminal();
    const QString note = noteFile(store);
    if (!onTerminal) {
        if (const auto written = writeNote(note, name, password); !written) {
            return written;
        }
    }
    const work::NewAdmin wanted{name, *hash, clock.wall()};
    const auto made = store::await<work::AdminAccount>(
        [&](work::Completion<work::AdminAccount> done) { store.createAdmin(wanted, done); });
    if (!made) {
        QFile::remove(note);
        return tl::unexpected(made.error());
    }
    content.admins.push_back(*made);
    if (onTerminal) {
        show(name, password);
    } else {
        observe::log(observe::Level::Warning, observe::category::auth,
            QStringLiteral("First start: the administrator \"%1\" was made; its password stands in "
                           "%2. Remove that file when you have read it.")
                .arg(name, note));
    }
    return {};
}

} // namespace gatehouse::app
