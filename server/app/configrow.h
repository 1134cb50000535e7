// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configkey.h"

#include <limits>

/// How the table of configuration keys is written: one call per row. For configtable.cpp and its
/// parts alone.
namespace gatehouse::app {

inline constexpr qint64 second = 1'000;
inline constexpr qint64 minute = 60 * second;
inline constexpr qint64 hour = 60 * minute;
inline constexpr qint64 day = 24 * hour;
inline constexpr qint64 kib = 1 << 10;
inline constexpr qint64 mib = 1 << 20;

// Writes a row's accessor: works on a const and on a changeable Configuration alike.
#define FIELD(path)                                                                                \
    [](auto& c) -> auto&                                                                           \
    {                                                                                              \
        return c.path;                                                                             \
    }

inline ConfigKey row(const char* section, const char* name, ConfigType type, const char* doc)
{
    ConfigKey key;
    key.section = QString::fromLatin1(section);
    key.name = QString::fromLatin1(name);
    key.type = type;
    key.doc = QString::fromUtf8(doc);
    key.max = std::numeric_limits<qint64>::max();
    return key;
}

template <class Field>
ConfigKey text(const char* section, const char* name, ConfigType type, Field field, const char* doc)
{
    ConfigKey key = row(section, name, type, doc);
    key.read = [field](const Configuration& c) { return ConfigValue{field(c)}; };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        using Held = std::decay_t<decltype(field(c))>;
        field(c) = std::get<Held>(value);
    };
    return key;
}

template <class Field>
ConfigKey number(const char* section, const char* name, ConfigType type, Field field, qint64 min,
    qint64 max, const char* doc)
{
    ConfigKey key = row(section, name, type, doc);
    key.min = min;
    key.max = max;
    key.read
        = [field](const Configuration& c) { return ConfigValue{static_cast<qint64>(field(c))}; };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        using Held = std::decay_t<decltype(field(c))>;
        field(c) = static_cast<Held>(std::get<qint64>(value));
    };
    return key;
}

template <class Field>
ConfigKey duration(
    const char* section, const char* name, Field field, qint64 min, qint64 max, const char* doc)
{
    ConfigKey key = row(section, name, ConfigType::Duration, doc);
    key.min = min;
    key.max = max;
    key.read = [field](const Configuration& c) {
        return ConfigValue{qint64{std::chrono::duration_cast<Millis>(field(c)).count()}};
    };
    key.write = [field](Configuration& c, const ConfigValue& value) {
        using Held = std::decay_t<decltype(field(c))>;
        field(c) = std::chrono::duration_cast<Held>(Millis{std::get<qint64>(value)});
    };
    return key;
}

inline ConfigKey withChoices(ConfigKey key, QStringList choices)
{
    key.choices = std::move(choices);
    return key;
}

inline ConfigKey withCheck(ConfigKey key, std::function<QString(const ConfigValue&)> check)
{
    key.check = std::move(check);
    return key;
}

template <class Enum>
using Choices = std::vector<std::pair<const char*, Enum>>; ///< name and meaning

template <class Field, class Enum>
ConfigKey choice(const char* section, const char* name, Field field, const Choices<Enum>& choices,
    const char* doc)
{
    ConfigKey key = row(section, name, ConfigType::Choice, doc);
    for (const auto& [word, meaning] : choices)
        key.choices.append(QString::fromLatin1(word));
    key.read = [field, choices](const Configuration& c) {
        const auto found = std::find_if(choices.begin(), choices.end(),
            [&](const auto& option) { return option.second == field(c); });
        return ConfigValue{QString::fromLatin1(found->first)};
    };
    key.write = [field, choices](Configuration& c, const ConfigValue& value) {
        for (const auto& [word, meaning] : choices) {
            if (std::get<QString>(value) == QLatin1StringView(word))
                field(c) = meaning;
        }
    };
    return key;
}

template <class Field>
ConfigKey count(
    const char* section, const char* name, Field field, qint64 min, qint64 max, const char* doc)
{
    return number(section, name, ConfigType::Count, field, min, max, doc);
}

template <class Field>
ConfigKey size(
    const char* section, const char* name, Field field, qint64 min, qint64 max, const char* doc)
{
    return number(section, name, ConfigType::Size, field, min, max, doc);
}

std::vector<ConfigKey> httpKeys(); ///< configlimits.cpp
std::vector<ConfigKey> limitKeys();
std::vector<ConfigKey> servicesKeys(); ///< configservices.cpp
std::vector<ConfigKey> busKeys(); ///< configbus.cpp

} // namespace gatehouse::app
