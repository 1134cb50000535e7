// SPDX-License-Identifier: Apache-2.0
#include "server/bus/buslog.h"

#include <QHash>
#include <QMutex>

#include <chrono>

namespace gatehouse::bus {

Q_LOGGING_CATEGORY(busLog, "gh.bus", QtInfoMsg)

void warnSparingly(const char* kind, const QString& text)
{
    using Clock = std::chrono::steady_clock;
    struct Kind
    {
        Clock::time_point next{};
        quint64 leftOut = 0;
    };
    static QMutex mutex;
    static QHash<QByteArray, Kind> kinds;
    quint64 leftOut = 0;
    {
        const QMutexLocker lock(&mutex);
        Kind& known = kinds[QByteArray(kind)];
        const auto now = Clock::now();
        if (now < known.next) {
            ++known.leftOut;
            return;
        }
        known.next = now + std::chrono::seconds(10);
        leftOut = std::exchange(known.leftOut, 0);
    }
    if (leftOut == 0)
        qCWarning(busLog).noquote() << text;
    else
        qCWarning(busLog).noquote() << text << "(and" << leftOut << "like it before)";
}

QString text(const QByteArray& name)
{
    return name.isEmpty() ? QStringLiteral("(own)") : QString::fromUtf8(name);
}

} // namespace gatehouse::bus
