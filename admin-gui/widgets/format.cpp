// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <array>
#include <cmath>

namespace gatehouse::gui {

namespace {

/// Translated in its own context, "Format".
struct Format
{
    Q_DECLARE_TR_FUNCTIONS(Format)

public:
    static QString days(qint64 n) { return tr("%1 d", "days, short").arg(n); }
    static QString hours(qint64 n) { return tr("%1 h", "hours, short").arg(n); }
    static QString minutes(qint64 n) { return tr("%1 min", "minutes, short").arg(n); }
    static QString seconds(const QString& n) { return tr("%1 s", "seconds, short").arg(n); }
    static QString millis(qint64 n) { return tr("%1 ms", "milliseconds, short").arg(n); }
    static QString now() { return tr("now", "less than a second ago"); }
    static QString kilobytes(const QString& n) { return tr("%1 kB").arg(n); }
    static QString megabytes(const QString& n) { return tr("%1 MB").arg(n); }
    static QString gigabytes(const QString& n) { return tr("%1 GB").arg(n); }
    static QString bytes(const QString& n) { return tr("%1 B").arg(n); }
};

constexpr qint64 second = 1000;
constexpr qint64 minute = 60 * second;
constexpr qint64 hour = 60 * minute;
constexpr qint64 day = 24 * hour;

QString decimal(double value)
{
    return QLocale().toString(value, 'f', value < 9.95 ? 1 : 0);
}

} // namespace

QString formatCount(qint64 value)
{
    return QLocale().toString(value);
}

QString formatBytes(double bytes)
{
    if (bytes < 999.5)
        return Format::bytes(QLocale().toString(bytes, 'f', 0));
    if (bytes < 999'500)
        return Format::kilobytes(decimal(bytes / 1e3));
    if (bytes < 999'500'000)
        return Format::megabytes(decimal(bytes / 1e6));
    return Format::gigabytes(decimal(bytes / 1e9));
}

QString formatRate(double perSecond)
{
    if (perSecond > 0 && perSecond < 99.95 && std::abs(perSecond - std::round(perSecond)) > 0.05)
        return QLocale().toString(perSecond, 'f', 1);
    return QLocale().toString(perSecond, 'f', 0);
}

QString formatSpan(qint64 milliseconds)
{
    const qint64 span = std::max<qint64>(milliseconds, 0);
    const auto pair = [](const QString& large, const QString& small) -> QString {
        return large % QChar(0x00a0) % small;
    };
    if (span >= day)
        return pair(Format::days(span / day), Format::hours(span % day / hour));
    if (span >= hour)
        return pair(Format::hours(span / hour), Format::minutes(span % hour / minute));
    if (span >= minute)
        return pair(Format::minutes(span / minute),
            Format::seconds(QString::number(span % minute / second)));
    if (span >= 10 * second)
        return Format::seconds(QString::number(span / second));
    if (span >= second)
        return Format::seconds(QLocale().toString(double(span) / 1000, 'f', 1));
    return Format::millis(span);
}

QString formatAge(qint64 milliseconds)
{
    if (milliseconds >= 2 * day)
        return Format::days(milliseconds / day);
    if (milliseconds >= 2 * hour)
        return Format::hours(milliseconds / hour);
    if (milliseconds >= 2 * minute)
        return Format::minutes(milliseconds / minute);
    if (milliseconds >= second)
        return Format::seconds(QString::number(milliseconds / second));
    return Format::now();
}

QString formatMoment(qint64 utcMilliseconds)
{
    const QDateTime local = QDateTime::fromMSecsSinceEpoch(utcMilliseconds);
    const bool today = local.date() == QDate::currentDate();
    return local.toString(
        today ? QStringLiteral("HH:mm:ss") : QStringLiteral("yyyy-MM-dd HH:mm:ss"));
}

QString formatClock(qint64 utcMilliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(utcMilliseconds).toString(QStringLiteral("HH:mm:ss.zzz"));
}

} // namespace gatehouse::gui
