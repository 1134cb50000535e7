// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QHash>
#include <QString>

#include <algorithm>
#include <memory>
#include <vector>

namespace gatehouse::gui {

/// Rows in order of arrival, found by key. Each row carries a serial number that only grows, so the
/// place of a key is a binary search and nothing has to be renumbered when rows go.
template <class Row>
class KeyedRows
{
public:
    int size() const { return int(m_rows.size()); }
    Row& at(int place) const { return *m_rows[size_t(place)].row; }

    int placeOf(const QString& key) const
    {
        const auto found = m_serials.constFind(key);
        return found == m_serials.constEnd() ? -1 : placeOfSerial(*found);
    }
    Row* find(const QString& key) const
    {
        const int place = placeOf(key);
        return place < 0 ? nullptr : &at(place);
    }

    Row& append(const QString& key, std::unique_ptr<Row> row)
    {
        m_serials.insert(key, m_nextSerial);
        m_rows.push_back({m_nextSerial++, key, std::move(row)});
        return *m_rows.back().row;
    }
    void remove(int place)
    {
        m_serials.remove(m_rows[size_t(place)].key);
        m_rows.erase(m_rows.begin() + place);
    }
    const QString& keyAt(int place) const { return m_rows[size_t(place)].key; }
    void clear()
    {
        m_rows.clear();
        m_serials.clear();
    }

private:
    struct Slot
    {
        quint64 serial;
        QString key;
        std::unique_ptr<Row> row;
    };

    int placeOfSerial(quint64 serial) const
    {
        const auto found = std::ranges::lower_bound(m_rows, serial, {}, &Slot::serial);
        return int(found - m_rows.begin());
    }

    std::vector<Slot> m_rows;
    QHash<QString, quint64> m_serials;
    quint64 m_nextSerial = 1;
};

} // namespace gatehouse::gui
