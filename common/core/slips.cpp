// SPDX-License-Identifier: Apache-2.0
#include "common/core/slips.h"

#include <algorithm>
#include <vector>

namespace gatehouse {

int slipDistance(QStringView a, QStringView b)
{
    const auto width = static_cast<size_t>(b.size()) + 1;
    std::vector<std::vector<int>> d(static_cast<size_t>(a.size()) + 1, std::vector<int>(width));
    for (size_t i = 0; i < d.size(); ++i) {
        for (size_t j = 0; j < width; ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = static_cast<int>(i + j);
                continue;
            }
            const QChar x = a[static_cast<qsizetype>(i) - 1];
            const QChar y = b[static_cast<qsizetype>(j) - 1];
            d[i][j]
                = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (x == y ? 0 : 1)});
            if (i > 1 && j > 1 && x == b[static_cast<qsizetype>(j) - 2]
                && a[static_cast<qsizetype>(i) - 2] == y) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d.back().back();
}

int slipTolerance(QStringView word)
{
    return std::max<int>(1, static_cast<int>(word.size()) / 3);
}

QString nearestWord(QStringView word, const QStringList& known)
{
    QString best;
    int bestDistance = slipTolerance(word) + 1;
    for (const QString& candidate : known) {
        const int distance = slipDistance(word, candidate);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = candidate;
        }
    }
    return best;
}

} // namespace gatehouse
