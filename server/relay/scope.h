// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace gatehouse::relay {

/// What an event is about: a guild, say. Whole numbers, given as number or as text of digits, are
/// the same scope and exact up to 64 bits; other names are plain words.
struct Scope
{
    QByteArray text; ///< "607637793107345431"
    QByteArray json; ///< the same for a JSON text: digits for numbers, else in quotes

    /// From a value of a checked JSON text; nothing when it names no scope.
    static std::optional<Scope> read(QByteArrayView raw);
};

/// 1 to 128 letters, digits, '_' and '-': nothing that means something in a topic, a queue's name
/// or a room's.
bool isPlainWord(QByteArrayView text);

/// A whole number from 0, written as number or as text of 1 to 20 digits.
std::optional<quint64> idOf(QByteArrayView raw);

/// Which of `shards` an id belongs to: (id >> shift) mod shards.
int shardOf(quint64 id, int shift, int shards);

} // namespace gatehouse::relay
