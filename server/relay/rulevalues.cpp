// SPDX-License-Identifier: Apache-2.0
#include "server/relay/rulevalues.h"

#include "common/core/slips.h"
#include "common/protocol/socketiopacket.h"
#include "server/bus/topicpattern.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

QByteArray wantedValue(const ConfigNode& node, ConfigMistakes& mistakes)
{
    if (const QString* text = node.text())
        return protocol::jsonString(text->toUtf8());
    if (const bool* flag = std::get_if<bool>(&node.value()))
        return *flag ? "true" : "false";
    if (const qint64* integer = std::get_if<qint64>(&node.value()))
        return QByteArray::number(*integer);
    mistakes.add(node.place(), QStringLiteral("expected a text, a number or a flag"));
    return "null";
}

} // namespace

QString RuleValues::unknownName(const QString& what, const QString& name, const QStringList& known)
{
    const QString near = nearestWord(name, known);
    return QStringLiteral("there is no %1 \"%2\"").arg(what, name)
        + (near.isEmpty() ? QString() : QStringLiteral("; did you mean \"%1\"?").arg(near));
}

QString RuleValues::routeName(ConfigTable& table) const
{
    const QString name = table.required(QStringLiteral("route"));
    if (!name.isEmpty() && !m_rules.route(name))
        table.complain(QStringLiteral("route"),
            unknownName(QStringLiteral("route"), name, namesOf(m_rules.routes)));
    return name;
}

QByteArray RuleValues::exchange(ConfigTable& table) const
{
    const QByteArray name = table.textOr(QStringLiteral("exchange"), {}).toUtf8();
    if (!bus::isExchangeName(name))
        table.complain(QStringLiteral("exchange"), QStringLiteral("is no exchange's name"));
    return name;
}

Needs RuleValues::needs(ConfigTable& table) const
{
    static const std::pair<const char*, Level> levels[]{{"open", Level::Open},
        {"elevated", Level::Elevated}, {"member", Level::Member}, {"admin", Level::Admin}};
    Needs needs;
    const QString key = QStringLiteral("needs");
    const QStringList words = table.texts(key);
    for (const QString& word : words) {
        const auto* level = std::find_if(std::begin(levels), std::end(levels),
            [&](const auto& entry) { return word == QLatin1StringView(entry.first); });
        if (level != std::end(levels))
            needs.level = std::max(needs.level, level->second);
        else if (word == QLatin1StringView("platform_admin"))
            needs.platformAdmin = true;
        else
            needs.bits |= bit(table, key, word);
    }
    if ((needs.bits || needs.platformAdmin) && needs.level == Level::Open)
        needs.level = Level::Elevated;
    if (!words.isEmpty())
        needs.text = words.join(QStringLiteral(" and "));
    return needs;
}

quint64 RuleValues::bit(ConfigTable& table, const QString& key, const QString& name) const
{
    const auto found = m_rules.bits.constFind(name);
    if (found != m_rules.bits.constEnd())
        return *found;
    table.complain(key, unknownName(QStringLiteral("bit"), name, m_rules.bits.keys()));
    return 0;
}

std::optional<ValuePath> RuleValues::path(ConfigTable& table, const QString& key) const
{
    const auto text = table.text(key);
    if (!text)
        return std::nullopt;
    auto parsed = ValuePath::parse(*text);
    if (!parsed) {
        table.complain(key, parsed.error().detail);
        return std::nullopt;
    }
    return *std::move(parsed);
}

TextTemplate RuleValues::textTemplate(ConfigTable& table, const QString& key) const
{
    const auto text = table.text(key);
    if (!text || text->isEmpty())
        return {};
    auto parsed = TextTemplate::parse(*text);
    if (!parsed) {
        table.complain(key, parsed.error().detail);
        return {};
    }
    return *std::move(parsed);
}

JsonTemplate RuleValues::jsonTemplate(ConfigTable& table, const QString& key) const
{
    const ConfigNode* node = table.node(key);
    return node ? JsonTemplate::read(*node, m_mistakes) : JsonTemplate();
}

std::vector<Condition> RuleValues::conditions(
    ConfigTable& table, const QString& key, const QString& root) const
{
    std::vector<Condition> all;
    const ConfigNode* node = table.node(key);
    if (!node)
        return all;
    if (!node->table()) {
        table.complain(key, QStringLiteral("expected a table of values"));
        return all;
    }
    for (const ConfigMember& member : *node->table()) {
        auto parsed = ValuePath::parse(QString(root + u'.' + member.name));
        if (!parsed) {
            m_mistakes.add(member.place, parsed.error().detail);
            continue;
        }
        Condition condition{*std::move(parsed), {}};
        const ConfigArray single{member.node};
        for (const ConfigNode& value : member.node.array() ? *member.node.array() : single)
            condition.values.append(wantedValue(value, m_mistakes));
        all.push_back(std::move(condition));
    }
    return all;
}

} // namespace gatehouse::relay
