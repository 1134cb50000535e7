// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QProcess>
#include <QTemporaryDir>

#include <chrono>
#include <memory>

namespace gatehouse::bench {

/// A `gatehouse serve` of our own on a free port, with an empty data directory that goes with it.
class ServedProcess
{
public:
    static Result<std::unique_ptr<ServedProcess>> start(const QString& program);
    ~ServedProcess();
    Q_DISABLE_COPY_MOVE(ServedProcess)

    quint16 port() const { return m_port; }

    /// A token of kind admin for the running server.
    Result<QByteArray> mintAdminToken() const;

    /// CPU time of all its threads so far, user and system.
    std::chrono::nanoseconds cpuTime() const;

private:
    explicit ServedProcess(QString program);
    Result<void> waitUntilReady();

    QString m_program;
    QTemporaryDir m_data;
    QProcess m_process;
    quint16 m_port = 0;
};

} // namespace gatehouse::bench
