// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The least of WebSocket (RFC 6455) and Socket.IO 5 that both ends of a measurement need: written
/// for texts below 64 KiB whose other end is known. No Qt, so that neither end measures it.
namespace gatehouse::bench {

/// A complete frame that lies at the front of received octets.
struct Frame
{
    std::uint8_t opcode = 0;
    std::string_view payload; ///< unmasked
    std::size_t totalBytes = 0; ///< header and payload
};

constexpr std::uint8_t TextOpcode = 0x1;
constexpr std::uint8_t CloseOpcode = 0x8;

/// The first frame of the octets, unmasked in place; nothing while a part of it is missing.
std::optional<Frame> takeFrame(char* octets, std::size_t size);

/// Complete frames around a text.
std::string serverFrame(std::string_view text);
std::string clientFrame(std::string_view text); ///< masked

/// The request that opens a WebSocket session, always with the same key.
std::string upgradeRequest();

/// Value of Sec-WebSocket-Accept for that key.
std::string_view acceptValue();

/// How many octets an HTTP head at the front of `octets` has, its empty line included; 0 while it
/// is incomplete.
std::size_t headBytes(std::string_view octets);

/// The digits of an integer in front of a text.
std::optional<std::uint64_t> leadingNumber(std::string_view text);

} // namespace gatehouse::bench
