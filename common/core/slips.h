// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>
#include <QStringList>
#include <QStringView>

/// What somebody probably meant who wrote a name that does not exist.
namespace gatehouse {

/// Damerau-Levenshtein, adjacent transpositions only: what a slip of the fingers does.
int slipDistance(QStringView a, QStringView b);
int slipTolerance(QStringView word); ///< distances up to this are taken for slips

QString nearestWord(QStringView word, const QStringList& known); ///< empty: none is near

} // namespace gatehouse
