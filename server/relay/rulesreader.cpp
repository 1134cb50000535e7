// SPDX-License-Identifier: Apache-2.0
#include "common/core/slips.h"
#include "common/protocol/socketiopacket.h"
#include "server/bus/topicpattern.h"
#include "server/relay/rules.h"

#include <algorithm>
#include <limits>

namespace gatehouse::relay {

namespace {

constexpr Millis leastTimeout{1};
constexpr Millis greatestTimeout{600'000};

QString unknownName(const QString& what, const QString& name, const QStringList& known)
{
    const QString near = nearestWord(name, known);
    return QStringLiteral("there is no %1 \"%2\"").arg(what, name)
        + (near.isEmpty() ? QString() : QStringLiteral("; did you mean \"%1\"?").arg(near));
}

template <class T>
QStringList namesOf(const std::vector<T>& all)
{
    QStringList names;
    for (const T& item : all)
        names.append(item.name);
    return names;
}

/// Reads the tables of one profile in the order in which they name each other.
class RulesReader
{
public:
    RulesReader(const QString& name, const ConfigNode& node, ConfigMistakes& mistakes)
        : m_table(node, QStringLiteral("relay.") + name, mistakes), m_mistakes(mistakes)
    {
        m_rules.name = name;
        m_rules.place = node.place();
    }

    Rules read()
    {
        readIdentity();
        readBits();
        readBounds();
        for (const auto& [name, node] : m_table.namedTables(QStringLiteral("route")))
            readRoute(name, *node);
        for (const auto& [name, node] : m_table.namedTables(QStringLiteral("membership")))
            readMembership(name, *node);
        for (const auto& [name, node] : m_table.namedTables(QStringLiteral("room")))
            readRoom(name, *node);
        for (const auto& [path, node] : m_table.listedTables(QStringLiteral("event")))
            readEvent(path, *node);
        for (const auto& [path, node] : m_table.listedTables(QStringLiteral("publication")))
            readPublication(path, *node);
        for (const auto& [path, node] : m_table.listedTables(QStringLiteral("control")))
            readControl(path, *node);
        m_table.finish();
        return std::move(m_rules);
    }

private:
    ConfigTable within(const QString& path, const ConfigNode& node)
    {
        return {node, path, m_mistakes};
    }

    ConfigTable below(ConfigTable& table, const QString& name, const ConfigNode& node)
    {
        return {node, table.path() + u'.' + name, m_mistakes};
    }

    void readIdentity()
    {
        const QString nsp = m_table.textOr(QStringLiteral("namespace"), QStringLiteral("/"));
        if (!nsp.startsWith(u'/'))
            m_table.complain(QStringLiteral("namespace"), QStringLiteral("begins with \"/\""));
        m_rules.nsp = NamespaceName{nsp.toUtf8()};
        m_rules.claims = m_table.textOr(QStringLiteral("claims"), {});
        m_rules.cookie = m_table.textOr(QStringLiteral("cookie"), {}).toUtf8();
        m_rules.nonceQuery = m_table.textOr(QStringLiteral("nonce_query"), {});
        m_rules.elevatedRoom = textTemplate(m_table, QStringLiteral("elevated_room"));
        m_rules.gapEvent = m_table.textOr(QStringLiteral("gap_event"), {}).toUtf8();
        m_rules.errorEvent = m_table.textOr(QStringLiteral("error_event"), {}).toUtf8();
        m_rules.errorPayload = jsonTemplate(m_table, QStringLiteral("error_payload"));
        const bool needsClaims = !m_rules.cookie.isEmpty() || !m_rules.nonceQuery.isEmpty();
        if (needsClaims && m_rules.claims.isEmpty())
            m_table.complain(
                QStringLiteral("\"claims\" is missing: it says how tokens are read"));
    }

    void readBits()
    {
        if (const ConfigNode* node = m_table.node(QStringLiteral("bits"))) {
            ConfigTable bits = below(m_table, QStringLiteral("bits"), *node);
            for (const ConfigMember& member : node->table() ? *node->table() : ConfigMembers()) {
                const auto value = bits.integer(
                    member.name, 1, std::numeric_limits<qint64>::max());
                m_rules.bits.insert(member.name, quint64(value.value_or(0)));
            }
        }
        const QString adminBits = QStringLiteral("admin_bits");
        for (const QString& name : m_table.texts(adminBits))
            m_rules.scopeAdminBits |= bit(m_table, adminBits, name);
    }

    void readBounds()
    {
        m_rules.nonceLifetime = m_table.durationOr(QStringLiteral("nonce_lifetime"),
            m_rules.nonceLifetime, Millis{1'000}, Millis{86'400'000});
        m_rules.recheck = m_table.durationOr(QStringLiteral("recheck"), m_rules.recheck,
            Millis{1'000}, Millis{86'400'000});
        m_rules.maxNonces = m_table.integerOr(
            QStringLiteral("nonces"), m_rules.maxNonces, 1, 100'000'000);
        m_rules.maxRequestsPerClient = int(m_table.integerOr(
            QStringLiteral("requests_per_client"), m_rules.maxRequestsPerClient, 1, 100'000));
        m_rules.maxRequests = int(
            m_table.integerOr(QStringLiteral("requests"), m_rules.maxRequests, 1, 10'000'000));
        m_rules.maxIds
            = int(m_table.integerOr(QStringLiteral("ids"), m_rules.maxIds, 1, 1'000'000));
        m_rules.readsTextPayloads
            = m_table.flagOr(QStringLiteral("text_payloads"), m_rules.readsTextPayloads);
        const auto unknown = m_table.choice(QStringLiteral("unknown_events"),
            {QStringLiteral("ignore"), QStringLiteral("close")});
        m_rules.closesUnknownEvents = unknown == QStringLiteral("close");
    }

    void readRoute(const QString& name, const ConfigNode& node)
    {
        ConfigTable table = within(m_table.path() + QStringLiteral(".route.") + name, node);
        Route route;
        route.name = name;
        route.place = node.place();
        table.required(QStringLiteral("queue"));
        route.queue = textTemplate(table, QStringLiteral("queue"));
        route.shards = int(table.integerOr(QStringLiteral("shards"), 0, 1, 100'000));
        route.shift = int(table.integerOr(QStringLiteral("shift"), route.shift, 0, 62));
        route.shardOf = path(table, QStringLiteral("shard_of"));
        if (!route.shardOf)
            route.shardOf = ValuePath::parse(u"scope").value();
        if (route.shards == 0 && route.queue.toText().contains(QLatin1StringView("{shard}")))
            table.complain(QStringLiteral("queue"), QStringLiteral("\"shards\" says how many"));
        const auto without = table.choice(QStringLiteral("without"),
            {QStringLiteral("any"), QStringLiteral("refuse")});
        if (without == QStringLiteral("refuse"))
            route.without = Route::Without::Refuse;
        const auto envelope = table.choice(
            QStringLiteral("envelope"), {QStringLiteral("rpc"), QStringLiteral("plain")});
        if (envelope == QStringLiteral("plain"))
            route.envelope = Route::Envelope::Plain;
        route.timeout = table.durationOr(
            QStringLiteral("timeout"), route.timeout, leastTimeout, greatestTimeout);
        table.finish();
        m_rules.routes.push_back(std::move(route));
    }

    void readMembership(const QString& name, const ConfigNode& node)
    {
        ConfigTable table = within(m_table.path() + QStringLiteral(".membership.") + name, node);
        Membership membership;
        membership.name = name;
        membership.place = node.place();
        membership.route = routeName(table);
        membership.method = table.textOr(QStringLiteral("method"), {}).toUtf8();
        membership.args = jsonTemplate(table, QStringLiteral("args"));
        membership.kwargs = jsonTemplate(table, QStringLiteral("kwargs"));
        table.required(QStringLiteral("member"));
        membership.member = path(table, QStringLiteral("member"));
        membership.admin = path(table, QStringLiteral("admin"));
        membership.permissions = path(table, QStringLiteral("permissions"));
        membership.remembered = table.durationOr(
            QStringLiteral("remembered"), membership.remembered, Millis{0}, Millis{3'600'000});
        table.finish();
        m_rules.memberships.push_back(std::move(membership));
    }

    void readRoom(const QString& name, const ConfigNode& node)
    {
        ConfigTable table = within(m_table.path() + QStringLiteral(".room.") + name, node);
        RoomRule room;
        room.name = name;
        room.place = node.place();
        table.required(QStringLiteral("room"));
        room.room = textTemplate(table, QStringLiteral("room"));
        room.isSingle = table.flagOr(QStringLiteral("single"), false);
        for (const auto& [path, extraNode] : table.listedTables(QStringLiteral("extra"))) {
            ConfigTable part = within(path, *extraNode);
            RoomRule::Extra extra;
            part.required(QStringLiteral("room"));
            extra.room = textTemplate(part, QStringLiteral("room"));
            extra.where = conditions(part, QStringLiteral("where"), QStringLiteral("payload"));
            for (const QString& word : part.texts(QStringLiteral("needs")))
                extra.bits |= bit(part, QStringLiteral("needs"), word);
            part.finish();
            room.extras.push_back(std::move(extra));
        }
        table.finish();
        m_rules.rooms.push_back(std::move(room));
    }

    void readEvent(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = within(path, node);
        EventRule rule;
        rule.place = node.place();
        rule.name = table.required(QStringLiteral("name")).toUtf8();
        readWho(table, rule);
        readArgument(table, rule);
        using Action = EventRule::Action;
        static const std::pair<const char*, Action> actions[]{{"request", Action::Request},
            {"publish", Action::Publish}, {"elevate", Action::Elevate}, {"join", Action::Join},
            {"leave", Action::Leave}, {"refuse", Action::Refuse}};
        QStringList words;
        for (const auto& [word, action] : actions)
            words.append(QString::fromLatin1(word));
        table.required(QStringLiteral("action"));
        const auto chosen = table.choice(QStringLiteral("action"), words);
        for (const auto& [word, action] : actions) {
            if (chosen == QLatin1StringView(word))
                rule.action = action;
        }
        readAnswer(table, rule);
        if (rule.action == Action::Request)
            readStages(table, rule);
        if (rule.action == Action::Publish)
            readMessage(table, rule);
        if (rule.action == Action::Join || rule.action == Action::Leave)
            readChoice(table, rule);
        if (rule.action == Action::Elevate)
            readCredentials(table, rule);
        table.finish();
        m_rules.events.push_back(std::move(rule));
    }

    void readWho(ConfigTable& table, EventRule& rule)
    {
        rule.membership = table.textOr(QStringLiteral("membership"), {});
        if (!rule.membership.isEmpty() && !m_rules.membership(rule.membership)) {
            table.complain(QStringLiteral("membership"),
                unknownName(QStringLiteral("membership"), rule.membership,
                    namesOf(m_rules.memberships)));
        }
        rule.scope = path(table, QStringLiteral("scope"));
        rule.token = path(table, QStringLiteral("token"));
        rule.needs = needs(table);
        const bool isAboutScope
            = rule.needs.level == Level::Member || rule.needs.level == Level::Admin;
        if (isAboutScope && (rule.membership.isEmpty() || !rule.scope))
            table.complain(QStringLiteral("needs"),
                QStringLiteral("\"membership\" and \"scope\" say of what"));
        if (rule.needs.level != Level::Open && m_rules.claims.isEmpty())
            table.complain(QStringLiteral("needs"),
                QStringLiteral("nobody can be that without [%1] claims").arg(m_table.path()));
    }

    void readArgument(ConfigTable& table, EventRule& rule)
    {
        static const std::pair<const char*, ArgumentKind> kinds[]{{"object", ArgumentKind::Object},
            {"integer", ArgumentKind::Integer}, {"id", ArgumentKind::Id},
            {"text", ArgumentKind::Text}, {"any", ArgumentKind::Any}};
        QStringList words;
        for (const auto& [word, kind] : kinds)
            words.append(QString::fromLatin1(word));
        const auto chosen = table.choice(QStringLiteral("argument"), words);
        for (const auto& [word, kind] : kinds) {
            if (chosen == QLatin1StringView(word))
                rule.argument = kind;
        }
        rule.where = conditions(table, QStringLiteral("where"), QStringLiteral("payload"));
        for (const QString& name : table.texts(QStringLiteral("has")))
            rule.has.append(name.toUtf8());
        if (const ConfigNode* node = table.node(QStringLiteral("fields"))) {
            ConfigTable fields = below(table, QStringLiteral("fields"), *node);
            for (const ConfigMember& member : node->table() ? *node->table() : ConfigMembers())
                rule.fields.push_back(field(fields, member.name));
        }
    }

    FieldRule field(ConfigTable& fields, const QString& name)
    {
        static const std::pair<const char*, FieldKind> kinds[]{{"any", FieldKind::Any},
            {"integer", FieldKind::Integer}, {"text", FieldKind::Text}, {"id", FieldKind::Id},
            {"ids", FieldKind::Ids}, {"flag", FieldKind::Flag}, {"object", FieldKind::Object}};
        FieldRule rule;
        rule.name = name.toUtf8();
        QString word = fields.textOr(name, {});
        rule.isOptional = word.endsWith(u'?');
        if (rule.isOptional)
            word.chop(1);
        QStringList words;
        bool isKnown = false;
        for (const auto& [kindName, kind] : kinds) {
            words.append(QString::fromLatin1(kindName));
            if (word == QLatin1StringView(kindName)) {
                rule.kind = kind;
                isKnown = true;
            }
        }
        if (!isKnown)
            fields.complain(name,
                QStringLiteral("expected one of %1, with a ? when it may be absent")
                    .arg(words.join(QStringLiteral(", "))));
        return rule;
    }

    void readAnswer(ConfigTable& table, EventRule& rule)
    {
        const ConfigNode* node = table.node(QStringLiteral("answer"));
        if (!node)
            return;
        ConfigTable answer = below(table, QStringLiteral("answer"), *node);
        rule.answer.event = answer.required(QStringLiteral("event")).toUtf8();
        rule.answer.partial = jsonTemplate(answer, QStringLiteral("partial"));
        rule.answer.last = jsonTemplate(answer, QStringLiteral("last"));
        rule.answer.closing = jsonTemplate(answer, QStringLiteral("closing"));
        rule.answer.data = path(answer, QStringLiteral("data"));
        rule.answer.missing = path(answer, QStringLiteral("missing"));
        rule.answer.finished = path(answer, QStringLiteral("finished"));
        answer.finish();
    }

    void readStages(ConfigTable& table, EventRule& rule)
    {
        if (const ConfigNode* single = table.node(QStringLiteral("call")))
            rule.stages.push_back(
                readCall(table.path() + QStringLiteral(".call"), *single));
        for (const auto& [path, node] : table.listedTables(QStringLiteral("stage")))
            rule.stages.push_back(readCall(path, *node));
        if (rule.stages.empty())
            table.complain(QStringLiteral("a request needs a \"call\", or \"stage\" tables"));
        if (rule.stages.size() > 1 && !rule.answer.missing)
            table.complain(QStringLiteral(
                "\"answer.missing\" says what is left for the second stage"));
    }

    Call readCall(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = within(path, node);
        Call call;
        call.route = routeName(table);
        call.method = table.textOr(QStringLiteral("method"), {}).toUtf8();
        call.args = jsonTemplate(table, QStringLiteral("args"));
        call.kwargs = jsonTemplate(table, QStringLiteral("kwargs"));
        call.body = jsonTemplate(table, QStringLiteral("body"));
        const auto to
            = table.choice(QStringLiteral("to"), {QStringLiteral("one"), QStringLiteral("all")});
        call.toAll = to == QStringLiteral("all");
        const Route* route = m_rules.route(call.route);
        if (route && route->envelope == Route::Envelope::Rpc && call.method.isEmpty())
            table.complain(QStringLiteral("\"method\" is missing"));
        if (route && route->envelope == Route::Envelope::Plain && call.body.isEmpty())
            table.complain(QStringLiteral("\"body\" is missing"));
        if (route && call.toAll && route->shards == 0)
            table.complain(QStringLiteral("to"), QStringLiteral("the route has no shards"));
        table.finish();
        return call;
    }

    void readMessage(ConfigTable& table, EventRule& rule)
    {
        rule.exchange = exchange(table);
        table.required(QStringLiteral("topic"));
        rule.topic = textTemplate(table, QStringLiteral("topic"));
        rule.body = jsonTemplate(table, QStringLiteral("body"));
        if (rule.body.isEmpty())
            table.complain(QStringLiteral("\"body\" is missing"));
    }

    void readChoice(ConfigTable& table, EventRule& rule)
    {
        rule.room = table.required(QStringLiteral("room"));
        if (!rule.room.isEmpty() && !m_rules.room(rule.room))
            table.complain(QStringLiteral("room"),
                unknownName(QStringLiteral("room"), rule.room, namesOf(m_rules.rooms)));
    }

    void readCredentials(ConfigTable& table, EventRule& rule)
    {
        rule.nonce = path(table, QStringLiteral("nonce"));
        if (!rule.nonce && !rule.token)
            table.complain(QStringLiteral("\"nonce\" or \"token\" says where it stands"));
        if (m_rules.claims.isEmpty())
            table.complain(QStringLiteral("tokens need [%1] claims").arg(m_table.path()));
    }

    void readPublication(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = within(path, node);
        PublicationRule rule;
        rule.place = node.place();
        rule.exchange = exchange(table);
        const QString topic = table.required(QStringLiteral("topic"));
        rule.topic = textTemplate(table, QStringLiteral("topic"));
        if (rule.topic.isFixed() && !topic.isEmpty() && !bus::isPattern(topic.toUtf8()))
            table.complain(QStringLiteral("topic"), QStringLiteral("is no topic pattern"));
        table.required(QStringLiteral("room"));
        rule.room = textTemplate(table, QStringLiteral("room"));
        rule.restricted = textTemplate(table, QStringLiteral("restricted_room"));
        rule.openWhen = conditions(table, QStringLiteral("open_when"), QStringLiteral("body"));
        if (rule.restricted.isEmpty() != rule.openWhen.empty())
            table.complain(QStringLiteral("\"restricted_room\" and \"open_when\" go together"));
        rule.event = table.required(QStringLiteral("event")).toUtf8();
        rule.payload = jsonTemplate(table, QStringLiteral("payload"));
        table.finish();
        m_rules.publications.push_back(std::move(rule));
    }

    void readControl(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = within(path, node);
        ControlRule rule;
        rule.place = node.place();
        rule.queue = table.required(QStringLiteral("queue")).toUtf8();
        if (!rule.queue.isEmpty() && !bus::isQueueName(rule.queue))
            table.complain(QStringLiteral("queue"), QStringLiteral("is no name of a queue"));
        rule.method = table.required(QStringLiteral("method")).toUtf8();
        table.required(QStringLiteral("action"));
        const auto action = table.choice(QStringLiteral("action"),
            {QStringLiteral("register_nonce"), QStringLiteral("demote")});
        const bool isDemote = action == QStringLiteral("demote");
        rule.action
            = isDemote ? ControlRule::Action::Demote : ControlRule::Action::RegisterNonce;
        rule.nonceArg = int(table.integerOr(QStringLiteral("nonce_arg"), 0, 0, 15));
        rule.tokenArg
            = int(table.integerOr(QStringLiteral("token_arg"), isDemote ? 0 : 1, 0, 15));
        if (m_rules.claims.isEmpty())
            table.complain(QStringLiteral("tokens need [%1] claims").arg(m_table.path()));
        table.finish();
        m_rules.controls.push_back(std::move(rule));
    }

    // Parts of many tables

    QString routeName(ConfigTable& table)
    {
        const QString name = table.required(QStringLiteral("route"));
        if (!name.isEmpty() && !m_rules.route(name))
            table.complain(QStringLiteral("route"),
                unknownName(QStringLiteral("route"), name, namesOf(m_rules.routes)));
        return name;
    }

    QByteArray exchange(ConfigTable& table)
    {
        const QByteArray name = table.textOr(QStringLiteral("exchange"), {}).toUtf8();
        if (!bus::isExchangeName(name))
            table.complain(QStringLiteral("exchange"), QStringLiteral("is no exchange's name"));
        return name;
    }

    Needs needs(ConfigTable& table)
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

    quint64 bit(ConfigTable& table, const QString& key, const QString& name)
    {
        const auto found = m_rules.bits.constFind(name);
        if (found != m_rules.bits.constEnd())
            return *found;
        table.complain(key, unknownName(QStringLiteral("bit"), name, m_rules.bits.keys()));
        return 0;
    }

    std::optional<ValuePath> path(ConfigTable& table, const QString& key)
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

    TextTemplate textTemplate(ConfigTable& table, const QString& key)
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

    JsonTemplate jsonTemplate(ConfigTable& table, const QString& key)
    {
        const ConfigNode* node = table.node(key);
        return node ? JsonTemplate::read(*node, m_mistakes) : JsonTemplate();
    }

    std::vector<Condition> conditions(
        ConfigTable& table, const QString& key, const QString& root)
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
                condition.values.append(wantedValue(value));
            all.push_back(std::move(condition));
        }
        return all;
    }

    QByteArray wantedValue(const ConfigNode& node)
    {
        if (const QString* text = node.text())
            return protocol::jsonString(text->toUtf8());
        if (const bool* flag = std::get_if<bool>(&node.value()))
            return *flag ? "true" : "false";
        if (const qint64* integer = std::get_if<qint64>(&node.value()))
            return QByteArray::number(*integer);
        m_mistakes.add(node.place(), QStringLiteral("expected a text, a number or a flag"));
        return "null";
    }

    ConfigTable m_table;
    ConfigMistakes& m_mistakes;
    Rules m_rules;
};

} // namespace

Rules readRules(const QString& name, const ConfigNode& node, ConfigMistakes& mistakes)
{
    return RulesReader(name, node, mistakes).read();
}

} // namespace gatehouse::relay
