// SPDX-License-Identifier: Apache-2.0
#include "common/core/configtree.h"

#include "common/core/quantities.h"
#include "common/core/slips.h"

#include <algorithm>

namespace gatehouse {

namespace {

const ConfigMembers noMembers;

} // namespace

ConfigNode::ConfigNode() : m_value(ConfigMembers{}) { }

ConfigNode::ConfigNode(Value value, ConfigPlace place) : m_value(std::move(value)), m_place(place)
{
}

void ConfigMistakes::add(ConfigPlace place, const QString& text)
{
    const QString line = QStringLiteral("%1:%2: %3").arg(nameOf(place)).arg(place.column).arg(text);
    if (!m_texts.contains(line)) // a value may be looked at twice
        m_texts.append(line);
}

QString ConfigMistakes::nameOf(ConfigPlace place) const
{
    return QStringLiteral("%1:%2").arg(m_file).arg(place.line);
}

ConfigTable::ConfigTable(const ConfigNode& node, QString path, ConfigMistakes& mistakes)
    : m_members(node.table()), m_path(std::move(path)), m_place(node.place()), m_mistakes(mistakes)
{
    if (!m_members) {
        m_members = &noMembers;
        m_mistakes.add(m_place, m_path + QStringLiteral(": expected a table"));
    }
}

void ConfigTable::complain(const QString& text) const
{
    m_mistakes.add(m_place, m_path + QStringLiteral(": ") + text);
}

void ConfigTable::complain(const QString& member, const QString& text) const
{
    m_mistakes.add(placeOf(member), m_path + u'.' + member + QStringLiteral(": ") + text);
}

const ConfigMember* ConfigTable::find(const QString& name) const
{
    const auto at = std::find_if(m_members->begin(), m_members->end(),
        [&](const ConfigMember& member) { return member.name == name; });
    return at == m_members->end() ? nullptr : &*at;
}

bool ConfigTable::has(const QString& name) const
{
    return find(name) != nullptr;
}

ConfigPlace ConfigTable::placeOf(const QString& name) const
{
    const ConfigMember* member = find(name);
    return member ? member->node.place() : m_place;
}

const ConfigNode* ConfigTable::node(const QString& name)
{
    m_asked.insert(name);
    const ConfigMember* member = find(name);
    return member ? &member->node : nullptr;
}

std::optional<QString> ConfigTable::text(const QString& name)
{
    const ConfigNode* found = node(name);
    if (!found)
        return std::nullopt;
    if (const QString* text = found->text())
        return *text;
    complain(name, QStringLiteral("expected a text"));
    return std::nullopt;
}

QString ConfigTable::textOr(const QString& name, const QString& fallback)
{
    return text(name).value_or(fallback);
}

QString ConfigTable::required(const QString& name)
{
    if (!has(name)) {
        m_asked.insert(name);
        complain(QStringLiteral("\"%1\" is missing").arg(name));
        return {};
    }
    const QString value = text(name).value_or(QString());
    if (value.isEmpty() && find(name)->node.text())
        complain(name, QStringLiteral("may not be empty"));
    return value;
}

std::optional<qint64> ConfigTable::integer(const QString& name, qint64 min, qint64 max)
{
    const ConfigNode* found = node(name);
    if (!found)
        return std::nullopt;
    const qint64* value = std::get_if<qint64>(&found->value());
    if (!value) {
        complain(name, QStringLiteral("expected a whole number"));
        return std::nullopt;
    }
    if (*value < min || *value > max) {
        complain(name, QStringLiteral("must be %1 to %2").arg(min).arg(max));
        return std::nullopt;
    }
    return *value;
}

qint64 ConfigTable::integerOr(const QString& name, qint64 fallback, qint64 min, qint64 max)
{
    return integer(name, min, max).value_or(fallback);
}

bool ConfigTable::flagOr(const QString& name, bool fallback)
{
    const ConfigNode* found = node(name);
    if (!found)
        return fallback;
    if (const bool* value = std::get_if<bool>(&found->value()))
        return *value;
    complain(name, QStringLiteral("expected true or false"));
    return fallback;
}

Millis ConfigTable::durationOr(const QString& name, Millis fallback, Millis min, Millis max)
{
    const auto written = text(name);
    if (!written)
        return fallback;
    const auto value = durationFromText(*written);
    if (!value) {
        complain(name, value.error().detail);
        return fallback;
    }
    if (*value < min.count() || *value > max.count()) {
        complain(name,
            QStringLiteral("must be %1 to %2")
                .arg(durationToText(min.count()), durationToText(max.count())));
        return fallback;
    }
    return Millis{*value};
}

qint64 ConfigTable::sizeOr(const QString& name, qint64 fallback, qint64 min, qint64 max)
{
    const ConfigNode* found = node(name);
    if (!found)
        return fallback;
    qint64 octets = 0;
    if (const qint64* number = std::get_if<qint64>(&found->value())) {
        octets = *number;
    } else {
        const QString* written = found->text();
        const auto value = sizeFromText(written ? QStringView(*written) : QStringView());
        if (!value) {
            complain(name, value.error().detail);
            return fallback;
        }
        octets = *value;
    }
    if (octets < min || octets > max) {
        complain(name, QStringLiteral("must be %1 to %2").arg(sizeToText(min), sizeToText(max)));
        return fallback;
    }
    return octets;
}

QStringList ConfigTable::texts(const QString& name)
{
    const ConfigNode* found = node(name);
    if (!found)
        return {};
    if (const QString* single = found->text())
        return {*single};
    const ConfigArray* items = found->array();
    if (!items) {
        complain(name, QStringLiteral("expected a list of texts"));
        return {};
    }
    QStringList all;
    for (const ConfigNode& item : *items) {
        if (const QString* text = item.text())
            all.append(*text);
        else
            m_mistakes.add(
                item.place(), m_path + u'.' + name + QStringLiteral(": expected a list of texts"));
    }
    return all;
}

std::optional<QString> ConfigTable::choice(const QString& name, const QStringList& choices)
{
    const auto value = text(name);
    if (!value || choices.contains(*value))
        return value;
    const QString near = nearestWord(*value, choices);
    complain(name,
        QStringLiteral("\"%1\" is none of %2").arg(*value, choices.join(QStringLiteral(", ")))
            + (near.isEmpty() ? QString() : QStringLiteral("; did you mean \"%1\"?").arg(near)));
    return std::nullopt;
}

std::vector<std::pair<QString, const ConfigNode*>> ConfigTable::namedTables(const QString& name)
{
    std::vector<std::pair<QString, const ConfigNode*>> all;
    const ConfigNode* found = node(name);
    if (!found)
        return all;
    const ConfigMembers* members = found->table();
    if (!members) {
        complain(
            name, QStringLiteral("expected tables with names, [%1.%2.NAME]").arg(m_path, name));
        return all;
    }
    for (const ConfigMember& member : *members)
        all.emplace_back(member.name, &member.node);
    return all;
}

std::vector<std::pair<QString, const ConfigNode*>> ConfigTable::listedTables(const QString& name)
{
    std::vector<std::pair<QString, const ConfigNode*>> all;
    const ConfigNode* found = node(name);
    if (!found)
        return all;
    const ConfigArray* items = found->array();
    if (!items) {
        complain(name, QStringLiteral("expected a list of tables, [[%1.%2]]").arg(m_path, name));
        return all;
    }
    for (size_t i = 0; i < items->size(); ++i)
        all.emplace_back(QStringLiteral("%1.%2[%3]").arg(m_path, name).arg(i + 1), &(*items)[i]);
    return all;
}

void ConfigTable::finish()
{
    for (const ConfigMember& member : *m_members) {
        if (m_asked.contains(member.name))
            continue;
        const QString near = nearestWord(member.name, QStringList(m_asked.values()));
        m_mistakes.add(member.place,
            QStringLiteral("unknown key \"%1.%2\"").arg(m_path, member.name)
                + (near.isEmpty() ? QString()
                                  : QStringLiteral("; did you mean \"%1\"?").arg(near)));
    }
}

} // namespace gatehouse
