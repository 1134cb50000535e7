// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QString>

namespace gatehouse::store {

/// The folder that holds everything a server keeps. Mode 0700 and locked (flock, so a crash frees
/// it) while this object lives.
class DataDirectory
{
public:
    /// Creates the folder when it is not there. Conflict: another process has it, or it is open to
    /// other users and holds other things; Unavailable: it cannot be made, entered or written.
    static Result<DataDirectory> lock(const QString& path);

    DataDirectory(DataDirectory&& other) noexcept;
    DataDirectory& operator=(DataDirectory&& other) noexcept;
    ~DataDirectory();

    /// Writes down that the process which holds it is a server that reads its directory again at
    /// SIGHUP.
    void announceServer();
    /// The process that has said so and holds the folder now; 0 when there is none.
    static qint64 servingProcess(const QString& path);

    const QString& path() const { return m_path; }
    QString databasePath() const { return databasePath(m_path); }
    static QString databasePath(const QString& path);

private:
    DataDirectory(QString path, int descriptor);
    void writeLock(const QByteArray& text);

    QString m_path; ///< absolute
    int m_descriptor = -1;
};

} // namespace gatehouse::store
