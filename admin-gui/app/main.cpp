// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/app/console.h"

#include <QApplication>

#include <cstdio>

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("gatehouse"));
    QCoreApplication::setApplicationName(QStringLiteral("gatehouse-admin"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GATEHOUSE_VERSION));
    QGuiApplication::setDesktopFileName(QStringLiteral("gatehouse-admin"));
    const auto options = gatehouse::gui::parseOptions(
        QCoreApplication::arguments(), qgetenv("GATEHOUSE_ADMIN_TOKEN"));
    qunsetenv("GATEHOUSE_ADMIN_TOKEN"); // no child process needs it
    if (!options) {
        std::fprintf(stderr, "gatehouse-admin: %s\n", qPrintable(options.error().detail));
        return 2;
    }
    if (options->showVersion) {
        std::puts("gatehouse-admin " GATEHOUSE_VERSION);
        return 0;
    }
    if (options->showHelp) {
        std::fputs(qPrintable(gatehouse::gui::helpText()), stdout);
        return 0;
    }
    gatehouse::gui::Console console(application, *options);
    console.start();
    return QApplication::exec();
}
