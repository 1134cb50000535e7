// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/identity.h"

#include <QCoreApplication>

#include <array>

namespace gatehouse::gui {

namespace {

using L = QLatin1StringView;

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
};

/// A status as it is on the wire, and its word.
struct StatusWord
{
    QLatin1StringView wire;
    struct
    {
        const char* source;
        const char* hint; ///< for translators
    } word;
};

constexpr std::array statusWords{
    StatusWord{L("pending"), QT_TRANSLATE_NOOP3("Words", "pending", "task status")},
    StatusWord{L("initializing"), QT_TRANSLATE_NOOP3("Words", "initializing", "task status")},
    StatusWord{L("active"), QT_TRANSLATE_NOOP3("Words", "active", "task status")},
    StatusWord{L("completed"), QT_TRANSLATE_NOOP3("Words", "completed", "task status")},
    StatusWord{L("failed"), QT_TRANSLATE_NOOP3("Words", "failed", "task status")},
    StatusWord{L("start failed"), QT_TRANSLATE_NOOP3("Words", "start failed", "task status")},
    StatusWord{L("crashed"), QT_TRANSLATE_NOOP3("Words", "crashed", "task status")},
    StatusWord{L("killed by user"), QT_TRANSLATE_NOOP3("Words", "killed by user", "task status")},
    StatusWord{L("not allowed"), QT_TRANSLATE_NOOP3("Words", "not allowed", "task status")},
    StatusWord{L("non-existing Docker image"),
        QT_TRANSLATE_NOOP3("Words", "image not found", "task status")},
    StatusWord{L("unknown error"), QT_TRANSLATE_NOOP3("Words", "unknown error", "task status")},
};

QString translated(const StatusWord& status)
{
    return QCoreApplication::translate("Words", status.word.source, status.word.hint);
}

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
    for (const StatusWord& known : statusWords) {
        if (status == known.wire)
            return translated(known);
    }
    return status;
}

QStringList statusTexts()
{
    QStringList texts;
    for (const StatusWord& known : statusWords)
        texts.append(translated(known));
    return texts;
}

} // namespace gatehouse::gui
