// SPDX-License-Identifier: Apache-2.0
#include "server/app/firstadmin.h"

#include "server/access/passwordhasher.h"
#include "server/access/secrets.h"
#include "server/observe/log.h"
#include "server/store/await.h"
#include "server/store/store.h"

#include <unistd.h>

#include <cstdio>

namespace gatehouse::app {

namespace {

// A log collector must not get it, and where stderr is no terminal one may be reading.
Result<void> show(const QString& name, const QString& password, const QString& directory)
{
    if (isatty(STDERR_FILENO) == 1) {
        std::fprintf(stderr,
            "\nFirst start: the administrator \"%s\" was made with the password\n\n    %s\n\n"
            "It is shown this once. Open the console with it, or make another administrator with\n"
            "    gatehouse admin create NAME\n\n",
            qPrintable(name), qPrintable(password));
        return {};
    }
    const QString path = directory + QStringLiteral("/first-admin");
    const QByteArray content = QString(name + u'\n' + password + u'\n').toUtf8();
    if (const auto written = access::createSecretFile(path, content); !written) {
        return written;
    }
    observe::log(observe::Level::Warning, observe::category::auth,
        QStringLiteral("First start: the administrator \"%1\" was made; its password stands in %2. "
                       "Remove that file when you have read it.")
            .arg(name, path));
    return {};
}

} // namespace

Result<void> ensureFirstAdmin(
    store::Store& store, work::DirectoryContent& content, const Clock& clock)
{
    if (!content.admins.empty()) {
        return {};
    }
    const QString password = access::oneTimePassword();
    const auto hash = access::hashPassword(password.toUtf8());
    if (!hash) {
        return tl::unexpected(hash.error());
    }
    const work::NewAdmin wanted{QStringLiteral("admin"), *hash, clock.wall()};
    const auto made = store::await<work::AdminAccount>(
        [&](work::Completion<work::AdminAccount> done) { store.createAdmin(wanted, done); });
    if (!made) {
        return tl::unexpected(made.error());
    }
    content.admins.push_back(*made);
    return show(made->name, password, store.directory());
}

} // namespace gatehouse::app
