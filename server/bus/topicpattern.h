// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArrayList>

namespace gatehouse::bus {

/// What a broker accepts as a routing key, and nothing that could be taken for a pattern: 1 to 255
/// octets of UTF-8 without control characters, no word that is `*` or `#`.
bool isTopic(QByteArrayView text);

/// A topic in which whole words may be `*` or `#`. `a*` is refused: a broker takes it literally,
/// which is never meant.
bool isPattern(QByteArrayView text);
bool hasWildcard(QByteArrayView pattern);

/// At most 255 octets as above; "amq." is the broker's own prefix.
bool isQueueName(QByteArrayView text);
/// Likewise, or empty.
bool isExchangeName(QByteArrayView text);

/// As RabbitMQ's topic exchange does: `*` is exactly one word, `#` any number of words. Linear in
/// the topic for each `#` of the pattern.
bool matches(QByteArrayView pattern, QByteArrayView topic);

/// The patterns by which a topic is likely to have come: itself, itself with `*` for its last word,
/// and `#` behind none or some of its first words.
QByteArrayList likelyPatterns(const QByteArray& topic);

} // namespace gatehouse::bus
