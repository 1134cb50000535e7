// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArrayView>
#include <QList>

#include <vector>

namespace gatehouse::bus {

/// A value of Python as a pickle holds it. Views are into the pickle.
struct PickleValue
{
    enum class Kind : quint8 { None, Boolean, Integer, Float, Text, Bytes, List, Tuple, Dict };

    Kind kind = Kind::None;
    bool boolean = false;
    qint64 integer = 0;
    double number = 0;
    QByteArrayView octets; ///< of a text (UTF-8, checked) or of bytes
    std::vector<int> items; ///< of a list or a tuple; of a dict: key, value, key, value
};

struct PickleLimits
{
    int maxValues = 100'000;
    int maxDepth = 64;
    qsizetype maxJsonBytes = 1'000'000;
};

/// Data in Python's pickle format, protocols 2 to 5, and nothing but data: None, bool, int of up to
/// 64 bits, float, str, bytes, bytearray, list, tuple and dict (Python's pickletools.py names the
/// opcodes). What names a class or a function, calls, builds or refers outside is refused, not
/// skipped: nothing is ever executed. Values live in the reader and may refer to each other in
/// circles; it is toJson() that refuses those.
class Pickle
{
public:
    /// Malformed, TooLarge. `octets` must outlive it.
    static Result<Pickle> read(QByteArrayView octets, const PickleLimits& limits = {});

    const PickleValue& at(int index) const { return m_values[size_t(index)]; }
    const PickleValue& root() const { return at(m_root); }
    /// The value under that key of a dict; null when there is none.
    const PickleValue* member(const PickleValue& dict, QByteArrayView key) const;

    /// Appends it as JSON; bytes go to `attachments`, with a placeholder in their stead. Malformed:
    /// circles, NaN, keys that are not text. TooLarge: over the limits, as something that is
    /// referred to again and again becomes.
    Result<void> toJson(const PickleValue& value, QByteArray& json, QList<QByteArray>& attachments,
        int maxAttachments) const;

private:
    class Machine;

    Result<void> append(const PickleValue& value, QByteArray& json, QList<QByteArray>& attachments,
        int maxAttachments, int depth) const;

    PickleLimits m_limits;
    std::vector<PickleValue> m_values;
    int m_root = 0;
};

} // namespace gatehouse::bus
