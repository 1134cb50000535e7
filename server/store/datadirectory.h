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

    const QString& path() const { return m_path; }
    QString databasePath() const;

private:
    DataDirectory(QString path, int descriptor);

    QString m_path; ///< absolute
    int m_descriptor = -1;
};

} // namespace gatehouse::store
