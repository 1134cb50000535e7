// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QSet>
#include <QString>
#include <QStringList>

#include <optional>
#include <utility>
#include <variant>
#include <vector>

/// The part of a configuration file that is tables within tables (routes, rules, rooms), as values
/// with their places, so that every room reads its own tables and names mistakes by line and column
/// without knowing the file's syntax.
namespace gatehouse {

/// Where something stands in a configuration file, counted from 1.
struct ConfigPlace
{
    int line = 0;
    int column = 0;
};

class ConfigNode;

struct ConfigMember;
using ConfigArray = std::vector<ConfigNode>;
using ConfigMembers = std::vector<ConfigMember>; ///< of a table, by name

/// A value of the file. TOML's dates are texts here.
class ConfigNode
{
public:
    using Value = std::variant<bool, qint64, double, QString, ConfigArray, ConfigMembers>;

    ConfigNode();
    ConfigNode(Value value, ConfigPlace place);

    const Value& value() const { return m_value; }
    ConfigPlace place() const { return m_place; }

    const ConfigMembers* table() const { return std::get_if<ConfigMembers>(&m_value); }
    const ConfigArray* array() const { return std::get_if<ConfigArray>(&m_value); }
    const QString* text() const { return std::get_if<QString>(&m_value); }

private:
    Value m_value;
    ConfigPlace m_place;
};

struct ConfigMember
{
    QString name;
    ConfigPlace place; ///< of the name
    ConfigNode node;
};

/// Gathers mistakes: "gatehouse.toml:12:3: …". Nothing stops at the first one.
class ConfigMistakes
{
public:
    explicit ConfigMistakes(QString file) : m_file(std::move(file)) { }

    void add(ConfigPlace place, const QString& text);
    const QStringList& texts() const { return m_texts; }
    bool isEmpty() const { return m_texts.isEmpty(); }
    QString nameOf(ConfigPlace place) const; ///< "gatehouse.toml:12"

private:
    QString m_file;
    QStringList m_texts;
};

/// Reads one table member by member. What is missing, of another type or out of range is a mistake
/// at its place; members nobody asked for are mistakes too, said by finish().
class ConfigTable
{
public:
    /// `path` names the table in messages: "relay.dashboard.route.shard". A node that is no table
    /// is a mistake, and reads as an empty one.
    ConfigTable(const ConfigNode& node, QString path, ConfigMistakes& mistakes);

    const QString& path() const { return m_path; }
    ConfigPlace place() const { return m_place; }
    ConfigMistakes& mistakes() const { return m_mistakes; }
    void complain(const QString& text) const; ///< about the table as a whole
    void complain(const QString& member, const QString& text) const; ///< at that member's value

    bool has(const QString& name) const;
    ConfigPlace placeOf(const QString& name) const; ///< of the member's value, else of the table
    const ConfigNode* node(const QString& name); ///< null when absent; counts as asked for

    std::optional<QString> text(const QString& name);
    QString textOr(const QString& name, const QString& fallback);
    QString required(const QString& name); ///< a text that must be there, and not be empty
    std::optional<qint64> integer(const QString& name, qint64 min, qint64 max);
    qint64 integerOr(const QString& name, qint64 fallback, qint64 min, qint64 max);
    bool flagOr(const QString& name, bool fallback);
    Millis durationOr(const QString& name, Millis fallback, Millis min, Millis max); ///< "5s"
    qint64 sizeOr(const QString& name, qint64 fallback, qint64 min, qint64 max); ///< "16KiB"
    QStringList texts(const QString& name); ///< a list of texts, or one text
    std::optional<QString> choice(const QString& name, const QStringList& choices);

    /// The members of a table of named tables, `[relay.x.route.NAME]`, or of an array of tables,
    /// `[[relay.x.event]]`; each with the path that names it.
    std::vector<std::pair<QString, const ConfigNode*>> namedTables(const QString& name);
    std::vector<std::pair<QString, const ConfigNode*>> listedTables(const QString& name);

    void finish(); ///< says which members nobody asked for

private:
    const ConfigMember* find(const QString& name) const;

    const ConfigMembers* m_members; ///< never null
    QString m_path;
    ConfigPlace m_place;
    ConfigMistakes& m_mistakes;
    QSet<QString> m_asked;
};

} // namespace gatehouse
