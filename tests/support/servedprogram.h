// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "tests/support/wait.h"

#include <QProcess>
#include <QTemporaryDir>

#include <optional>

namespace gatehouse::test {

/// `gatehouse serve` in a process of its own, on a free port, with a data directory that goes with
/// it. Its environment holds no configuration; settings are "section.key=value".
class ServedProgram
{
public:
    explicit ServedProgram(QString program);
    ~ServedProgram(); ///< kills it
    Q_DISABLE_COPY_MOVE(ServedProgram)

    /// Runs another command of the program on the same data directory (`--data` is added) to its
    /// end; its standard output, or nothing when it fails.
    std::optional<QByteArray> command(const QStringList& arguments) const;

    bool start(const QStringList& settings = {}); ///< true once it listens
    quint16 port() const { return m_port; }
    QString dataPath() const { return m_folder.filePath(QStringLiteral("data")); }
    QString path(const QString& name) const { return m_folder.filePath(name); } ///< beside the data

    /// A value of /metrics by its whole name, labels included; nothing when there is none.
    std::optional<double> metric(const QByteArray& name) const;
    qint64 residentBytes() const;

    bool isRunning() const { return m_process.state() != QProcess::NotRunning; }
    void signal(int number) const;
    std::optional<int> waitForEnd(Millis deadline = 3 * Patience); ///< its exit code
    QByteArray log() const; ///< standard error so far
    bool waitForLog(const QByteArray& text) const;
    /// For conditions that no event of this process announces.
    static bool waitLooking(const std::function<bool()>& condition, Millis deadline = Patience);

private:
    const QString m_program;
    QTemporaryDir m_folder;
    QProcess m_process;
    quint16 m_port = 0;
};

} // namespace gatehouse::test
