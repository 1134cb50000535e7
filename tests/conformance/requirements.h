// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QFile>
#include <QMetaMethod>
#include <QRegularExpression>
#include <QStringList>

#include <algorithm>

namespace gatehouse::conformance {

/// What is wrong with docs/conformance.md for one test object and the requirements of one letter
/// ("E", "S" or "O"), 1 to `count`: requirements without a row, and rows that name a test of `file`
/// which is not there. Rows read `| E8 | … | `file`: `test`, `test` |`.
inline QStringList requirementsWithoutTest(
    const QMetaObject& tests, const QString& file, QChar letter, int count)
{
    QFile page(QStringLiteral(GATEHOUSE_SOURCE_DIR "/docs/conformance.md"));
    if (!page.open(QIODevice::ReadOnly))
        return {QStringLiteral("docs/conformance.md is missing")};
    static const QRegularExpression row(
        QStringLiteral("^\\| ([ESO])(\\d+) \\|.*\\| `(\\w+)`: ([^|]+) \\|$"));
    static const QRegularExpression name(QStringLiteral("`(\\w+)`"));
    QStringList faults;
    QStringList seen;
    const QStringList lines = QString::fromUtf8(page.readAll()).split(u'\n');
    for (const QString& line : lines) {
        const QRegularExpressionMatch match = row.match(line);
        if (!match.hasMatch() || match.captured(1) != letter)
            continue;
        seen << match.captured(2);
        if (match.captured(3) != file)
            continue;
        for (auto test = name.globalMatch(match.captured(4)); test.hasNext();) {
            const QByteArray slot = test.next().captured(1).toLatin1() + "()";
            if (tests.indexOfSlot(slot.constData()) < 0)
                faults << QStringLiteral("%1%2: no test %3")
                              .arg(letter, match.captured(2), QString::fromLatin1(slot));
        }
    }
    for (int number = 1; number <= count; ++number) {
        if (seen.count(QString::number(number)) != 1)
            faults << QStringLiteral("%1%2 needs one row").arg(letter).arg(number);
    }
    return faults;
}

} // namespace gatehouse::conformance
