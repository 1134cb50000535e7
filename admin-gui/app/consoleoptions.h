// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/theme.h"
#include "common/core/result.h"

#include <QStringList>
#include <QUrl>

#include <optional>

namespace gatehouse::gui {

/// What the command line asks for.
struct ConsoleOptions
{
    std::optional<QUrl> server; ///< connect at once, without the dialog
    QByteArray token; ///< from GATEHOUSE_ADMIN_TOKEN or --token-file; never from an argument
    QString page;
    std::optional<Scheme> scheme;
    QString language; ///< empty: as saved, or the system's
    QString screenshot; ///< a PNG to write, then quit
    int settleSeconds = 4; ///< of live data before the picture is taken
    QSize size; ///< of the window; empty: as saved
    bool showHelp = false;
    bool showVersion = false;
};

Result<ConsoleOptions> parseOptions(const QStringList& arguments, const QByteArray& tokenVariable);
QString helpText();

} // namespace gatehouse::gui
