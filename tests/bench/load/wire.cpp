// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/wire.h"

#include <array>
#include <charconv>
#include <cstring>

namespace gatehouse::bench {

namespace {

constexpr std::array<char, 4> Mask{'\x37', '\xfa', '\x21', '\x3d'};

std::string header(std::string_view text, std::uint8_t maskBit)
{
    std::string frame;
    frame.reserve(text.size() + 8);
    frame += static_cast<char>(0x80 | TextOpcode);
    if (text.size() < 126) {
        frame += static_cast<char>(maskBit | text.size());
    } else {
        frame += static_cast<char>(maskBit | 126);
        frame += static_cast<char>(text.size() >> 8);
        frame += static_cast<char>(text.size() & 0xFF);
    }
    return frame;
}

void unmask(char* payload, std::size_t size, const char* mask)
{
    std::uint32_t word = 0;
    std::memcpy(&word, mask, sizeof word);
    const std::uint64_t pair = (std::uint64_t(word) << 32) | word;
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        std::uint64_t octets = 0;
        std::memcpy(&octets, payload + i, sizeof octets);
        octets ^= pair;
        std::memcpy(payload + i, &octets, sizeof octets);
    }
    for (; i < size; ++i)
        payload[i] ^= mask[i & 3];
}

std::uint64_t bigEndian(const char* octets, int count)
{
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i)
        value = (value << 8) | static_cast<std::uint8_t>(octets[i]);
    return value;
}

} // namespace

std::optional<Frame> takeFrame(char* octets, std::size_t size)
{
    if (size < 2)
        return std::nullopt;
    const bool isMasked = octets[1] & 0x80;
    std::uint64_t length = static_cast<std::uint8_t>(octets[1]) & 0x7F;
    std::size_t head = 2;
    if (length >= 126) {
        const int width = length == 126 ? 2 : 8;
        if (size < head + std::size_t(width))
            return std::nullopt;
        length = bigEndian(octets + head, width);
        head += std::size_t(width);
    }
    const char* const mask = octets + head;
    head += isMasked ? 4 : 0;
    if (size < head || size - head < length)
        return std::nullopt;
    if (isMasked)
        unmask(octets + head, length, mask);
    return Frame{static_cast<std::uint8_t>(octets[0] & 0x0F), {octets + head, length},
        head + std::size_t(length)};
}

std::string serverFrame(std::string_view text)
{
    std::string frame = header(text, 0);
    frame += text;
    return frame;
}

std::string clientFrame(std::string_view text)
{
    std::string frame = header(text, 0x80);
    frame.append(Mask.data(), Mask.size());
    const std::size_t begin = frame.size();
    frame += text;
    unmask(frame.data() + begin, text.size(), Mask.data());
    return frame;
}

std::string upgradeRequest()
{
    return "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
           "Host: 127.0.0.1\r\n"
           "Upgrade: websocket\r\n"
           "Connection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Version: 13\r\n\r\n";
}

std::string_view acceptValue()
{
    return "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; // RFC 6455 section 1.3 works it out for this very key
}

std::size_t headBytes(std::string_view octets)
{
    const auto end = octets.find("\r\n\r\n");
    return end == std::string_view::npos ? 0 : end + 4;
}

std::optional<std::uint64_t> leadingNumber(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data())
        return std::nullopt;
    return number;
}

} // namespace gatehouse::bench
