// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/consolemodels.h"
#include "admin-gui/views/window/mainwindow.h"
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QSettings>
#include <QTemporaryDir>

namespace gatehouse::test {

/// A main window over a fake server, with settings of its own.
struct ConsoleBench
{
    ConsoleBench() : settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat)
    {
        auto link = std::make_unique<FakeAdminServer>();
        server = link.get();
        fillWithFederation(*server);
        gui::ConnectionOptions options;
        options.firstRetry = options.longestRetry = Millis{60'000};
        connection = std::make_unique<gui::AdminConnection>(
            std::move(link), std::make_unique<FakeTokenSource>(), clock, options);
        models = std::make_unique<gui::ConsoleModels>(*connection);
        window = std::make_unique<gui::MainWindow>(*connection, *models, settings);
    }

    void open() { connection->open(QUrl(QStringLiteral("http://127.0.0.1:1")), {"good", {}, {}}); }
    bool isLive() const { return connection->state() == gui::LinkState::Live; }

    QTemporaryDir folder;
    QSettings settings;
    SystemClock clock;
    FakeAdminServer* server;
    std::unique_ptr<gui::AdminConnection> connection;
    std::unique_ptr<gui::ConsoleModels> models;
    std::unique_ptr<gui::MainWindow> window;
};

} // namespace gatehouse::test
