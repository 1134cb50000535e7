// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QByteArrayView>

/// A fuzz target is one function, checkInput(), and the properties it requires of the code it
/// feeds. libfuzzer.cpp lets libFuzzer call it (preset "fuzz"), replay.cpp a loop over the
/// committed corpus (every other preset). One thread, no state between inputs.
namespace gatehouse::fuzz {

/// Defined by each target: feeds any octets; returns when every property held.
void checkInput(QByteArrayView input);

/// Ends the process with the property's place when it does not hold, so that the input is kept.
void require(bool holds, const char* property, const char* file = __builtin_FILE(),
    int line = __builtin_LINE());

/// Takes an input apart from the front; an empty one gives zeros.
class Input
{
public:
    explicit Input(QByteArrayView octets) : m_rest(octets) { }

    uchar takeOctet();
    /// Up to the next `separator`, which is dropped; everything when there is none.
    QByteArray takeUntil(char separator);
    QByteArray rest() const { return m_rest.toByteArray(); }
    bool isAtEnd() const { return m_rest.isEmpty(); }

private:
    QByteArrayView m_rest;
};

/// How long the pieces are in which octets arrive: the same lengths for the same seed, mostly
/// short.
class PieceSizes
{
public:
    explicit PieceSizes(uchar seed) : m_state(seed * 0x9e3779b9U + 1U) { }

    qsizetype next();

private:
    quint32 m_state;
};

} // namespace gatehouse::fuzz
