// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/identity.h"

#include <QCoreApplication>

namespace gatehouse::gui {

namespace {

/// Translated in its own context, "Words".
struct Words
{
    Q_DECLARE_TR_FUNCTIONS(Words)

public:
    static QString kind(const QString& kind)
    {
        if (kind == QStringLiteral("user"))
            return tr("User");
        if (kind == QStringLiteral("node"))
            return tr("Node");
        if (kind == QStringLiteral("service"))
            return tr("Service");
        if (kind == QStringLiteral("admin"))
            return tr("Admin");
        return tr("Anonymous");
    }

    static QString status(const QString& status)
    {
        if (status == QStringLiteral("pending"))
            return tr("pending", "task status");
        if (status == QStringLiteral("initializing"))
            return tr("initializing", "task status");
        if (status == QStringLiteral("active"))
            return tr("active", "task status");
        if (status == QStringLiteral("completed"))
            return tr("completed", "task status");
        if (status == QStringLiteral("failed"))
            return tr("failed", "task status");
        if (status == QStringLiteral("start failed"))
            return tr("start failed", "task status");
        if (status == QStringLiteral("crashed"))
            return tr("crashed", "task status");
        if (status == QStringLiteral("killed by user"))
            return tr("killed by user", "task status");
        if (status == QStringLiteral("not allowed"))
            return tr("not allowed", "task status");
        if (status == QStringLiteral("non-existing Docker image"))
            return tr("image not found", "task status");
        if (status == QStringLiteral("unknown error"))
            return tr("unknown error", "task status");
        return status;
    }
};

} // namespace

QString kindIcon(const QString& kind)
{
    if (kind == QStringLiteral("node"))
        return QStringLiteral("nodes");
    if (kind == QStringLiteral("user") || kind == QStringLiteral("service")
        || kind == QStringLiteral("admin"))
        return kind;
    return QStringLiteral("anonymous");
}

QString kindText(const QString& kind)
{
    return Words::kind(kind);
}

QString identityText(const QString& kind, qint64 id, const QString& name)
{
    if (!name.isEmpty())
        return name;
    if (id == 0)
        return Words::kind(kind);
    return Words::kind(kind) % QStringLiteral(" ") % QString::number(id);
}

bool isOpenStatus(const QString& status)
{
    return status == QStringLiteral("pending") || status == QStringLiteral("initializing")
        || status == QStringLiteral("active");
}

bool isFailedStatus(const QString& status)
{
    return !isOpenStatus(status) && status != QStringLiteral("completed") && !status.isEmpty();
}

Tone statusTone(const QString& status)
{
    if (status == QStringLiteral("completed"))
        return Tone::Good;
    if (status == QStringLiteral("active") || status == QStringLiteral("initializing"))
        return Tone::Busy;
    if (status == QStringLiteral("killed by user") || status == QStringLiteral("not allowed"))
        return Tone::Warning;
    return isFailedStatus(status) ? Tone::Bad : Tone::Dim;
}

QString statusText(const QString& status)
{
    return Words::status(status);
}

} // namespace gatehouse::gui
