// SPDX-License-Identifier: Apache-2.0
#include "server/bus/topicpattern.h"
#include "server/relay/rules.h"
#include "server/relay/rulevalues.h"

#include <limits>

namespace gatehouse::relay {

namespace {

constexpr Millis leastTimeout{1};
constexpr Millis greatestTimeout{600'000};

/// Reads the tables of one profile in the order in which they name each other.
class RulesReader
{
public:
    RulesReader(const QString& name, const ConfigNode& node, ConfigMistakes& mistakes)
        : m_table(node, QStringLiteral("relay.") + name, mistakes), m_values(m_rules, mistakes)
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
    void readIdentity()
    {
        const QString nsp = m_table.textOr(QStringLiteral("namespace"), QStringLiteral("/"));
        if (!nsp.startsWith(u'/'))
            m_table.complain(QStringLiteral("namespace"), QStringLiteral("begins with \"/\""));
        m_rules.nsp = NamespaceName{nsp.toUtf8()};
        m_rules.claims = m_table.textOr(QStringLiteral("claims"), {});
        m_rules.cookie = m_table.textOr(QStringLiteral("cookie"), {}).toUtf8();
        m_rules.nonceQuery = m_table.textOr(QStringLiteral("nonce_query"), {});
        m_rules.elevatedRoom = m_values.textTemplate(m_table, QStringLiteral("elevated_room"));
        m_rules.gapEvent = m_table.textOr(QStringLiteral("gap_event"), {}).toUtf8();
        m_rules.errorEvent = m_table.textOr(QStringLiteral("error_event"), {}).toUtf8();
        m_rules.errorPayload = m_values.jsonTemplate(m_table, QStringLiteral("error_payload"));
        const bool needsClaims = !m_rules.cookie.isEmpty() || !m_rules.nonceQuery.isEmpty();
        if (needsClaims && m_rules.claims.isEmpty())
            m_table.complain(QStringLiteral("\"claims\" is missing: it says how tokens are read"));
    }

    void readBits()
    {
        if (const ConfigNode* node = m_table.node(QStringLiteral("bits"))) {
            ConfigTable bits = m_values.below(m_table, QStringLiteral("bits"), *node);
            for (const ConfigMember& member : node->table() ? *node->table() : ConfigMembers()) {
                const auto value = bits.integer(member.name, 1, std::numeric_limits<qint64>::max());
                m_rules.bits.insert(member.name, quint64(value.value_or(0)));
            }
        }
        const QString adminBits = QStringLiteral("admin_bits");
        for (const QString& name : m_table.texts(adminBits))
            m_rules.scopeAdminBits |= m_values.bit(m_table, adminBits, name);
    }

    void readBounds()
    {
        m_rules.nonceLifetime = m_table.durationOr(QStringLiteral("nonce_lifetime"),
            m_rules.nonceLifetime, Millis{1'000}, Millis{86'400'000});
        m_rules.recheck = m_table.durationOr(
            QStringLiteral("recheck"), m_rules.recheck, Millis{1'000}, Millis{86'400'000});
        m_rules.maxNonces
            = m_table.integerOr(QStringLiteral("nonces"), m_rules.maxNonces, 1, 100'000'000);
        m_rules.maxRequestsPerClient = int(m_table.integerOr(
            QStringLiteral("requests_per_client"), m_rules.maxRequestsPerClient, 1, 100'000));
        m_rules.maxRequests = int(
            m_table.integerOr(QStringLiteral("requests"), m_rules.maxRequests, 1, 10'000'000));
        m_rules.maxIds
            = int(m_table.integerOr(QStringLiteral("ids"), m_rules.maxIds, 1, 1'000'000));
        m_rules.readsTextPayloads
            = m_table.flagOr(QStringLiteral("text_payloads"), m_rules.readsTextPayloads);
        const auto unknown = m_table.choice(
            QStringLiteral("unknown_events"), {QStringLiteral("ignore"), QStringLiteral("close")});
        m_rules.closesUnknownEvents = unknown == QStringLiteral("close");
    }

    void readRoute(const QString& name, const ConfigNode& node)
    {
        ConfigTable table
            = m_values.within(m_table.path() + QStringLiteral(".route.") + name, node);
        Route route;
        route.name = name;
        route.place = node.place();
        table.required(QStringLiteral("queue"));
        route.queue = m_values.textTemplate(table, QStringLiteral("queue"));
        route.shards = int(table.integerOr(QStringLiteral("shards"), 0, 1, 100'000));
        route.shift = int(table.integerOr(QStringLiteral("shift"), route.shift, 0, 62));
        route.shardOf = m_values.path(table, QStringLiteral("shard_of"));
        if (!route.shardOf)
            route.shardOf = ValuePath::parse(u"scope").value();
        if (route.shards == 0 && route.queue.toText().contains(QLatin1StringView("{shard}")))
            table.complain(QStringLiteral("queue"), QStringLiteral("\"shards\" says how many"));
        const auto without = table.choice(
            QStringLiteral("without"), {QStringLiteral("any"), QStringLiteral("refuse")});
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
        ConfigTable table
            = m_values.within(m_table.path() + QStringLiteral(".membership.") + name, node);
        Membership membership;
        membership.name = name;
        membership.place = node.place();
        membership.route = m_values.routeName(table);
        membership.method = table.textOr(QStringLiteral("method"), {}).toUtf8();
        membership.args = m_values.jsonTemplate(table, QStringLiteral("args"));
        membership.kwargs = m_values.jsonTemplate(table, QStringLiteral("kwargs"));
        table.required(QStringLiteral("member"));
        membership.member = m_values.path(table, QStringLiteral("member"));
        membership.admin = m_values.path(table, QStringLiteral("admin"));
        membership.permissions = m_values.path(table, QStringLiteral("permissions"));
        membership.remembered = table.durationOr(
            QStringLiteral("remembered"), membership.remembered, Millis{0}, Millis{3'600'000});
        table.finish();
        m_rules.memberships.push_back(std::move(membership));
    }

    void readRoom(const QString& name, const ConfigNode& node)
    {
        ConfigTable table = m_values.within(m_table.path() + QStringLiteral(".room.") + name, node);
        RoomRule room;
        room.name = name;
        room.place = node.place();
        table.required(QStringLiteral("room"));
        room.room = m_values.textTemplate(table, QStringLiteral("room"));
        room.isSingle = table.flagOr(QStringLiteral("single"), false);
        for (const auto& [path, extraNode] : table.listedTables(QStringLiteral("extra"))) {
            ConfigTable part = m_values.within(path, *extraNode);
            RoomRule::Extra extra;
            part.required(QStringLiteral("room"));
            extra.room = m_values.textTemplate(part, QStringLiteral("room"));
            extra.where
                = m_values.conditions(part, QStringLiteral("where"), QStringLiteral("payload"));
            for (const QString& word : part.texts(QStringLiteral("needs")))
                extra.bits |= m_values.bit(part, QStringLiteral("needs"), word);
            part.finish();
            room.extras.push_back(std::move(extra));
        }
        table.finish();
        m_rules.rooms.push_back(std::move(room));
    }

    void readEvent(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = m_values.within(path, node);
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
                RuleValues::unknownName(QStringLiteral("membership"), rule.membership,
                    RuleValues::namesOf(m_rules.memberships)));
        }
        rule.scope = m_values.path(table, QStringLiteral("scope"));
        rule.token = m_values.path(table, QStringLiteral("token"));
        rule.needs = m_values.needs(table);
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
        rule.where = m_values.conditions(table, QStringLiteral("where"), QStringLiteral("payload"));
        for (const QString& name : table.texts(QStringLiteral("has")))
            rule.has.append(name.toUtf8());
        if (const ConfigNode* node = table.node(QStringLiteral("fields"))) {
            ConfigTable fields = m_values.below(table, QStringLiteral("fields"), *node);
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
        ConfigTable answer = m_values.below(table, QStringLiteral("answer"), *node);
        rule.answer.event = answer.required(QStringLiteral("event")).toUtf8();
        rule.answer.partial = m_values.jsonTemplate(answer, QStringLiteral("partial"));
        rule.answer.last = m_values.jsonTemplate(answer, QStringLiteral("last"));
        rule.answer.closing = m_values.jsonTemplate(answer, QStringLiteral("closing"));
        rule.answer.data = m_values.path(answer, QStringLiteral("data"));
        rule.answer.missing = m_values.path(answer, QStringLiteral("missing"));
        rule.answer.finished = m_values.path(answer, QStringLiteral("finished"));
        answer.finish();
    }

    void readStages(ConfigTable& table, EventRule& rule)
    {
        if (const ConfigNode* single = table.node(QStringLiteral("call")))
            rule.stages.push_back(readCall(table.path() + QStringLiteral(".call"), *single));
        for (const auto& [path, node] : table.listedTables(QStringLiteral("stage")))
            rule.stages.push_back(readCall(path, *node));
        if (rule.stages.empty())
            table.complain(QStringLiteral("a request needs a \"call\", or \"stage\" tables"));
        if (rule.stages.size() > 1 && !rule.answer.missing)
            table.complain(
                QStringLiteral("\"answer.missing\" says what is left for the second stage"));
    }

    Call readCall(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = m_values.within(path, node);
        Call call;
        call.route = m_values.routeName(table);
        call.method = table.textOr(QStringLiteral("method"), {}).toUtf8();
        call.args = m_values.jsonTemplate(table, QStringLiteral("args"));
        call.kwargs = m_values.jsonTemplate(table, QStringLiteral("kwargs"));
        call.body = m_values.jsonTemplate(table, QStringLiteral("body"));
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
        rule.exchange = m_values.exchange(table);
        table.required(QStringLiteral("topic"));
        rule.topic = m_values.textTemplate(table, QStringLiteral("topic"));
        rule.body = m_values.jsonTemplate(table, QStringLiteral("body"));
        if (rule.body.isEmpty())
            table.complain(QStringLiteral("\"body\" is missing"));
    }

    void readChoice(ConfigTable& table, EventRule& rule)
    {
        rule.room = table.required(QStringLiteral("room"));
        if (!rule.room.isEmpty() && !m_rules.room(rule.room))
            table.complain(QStringLiteral("room"),
                RuleValues::unknownName(
                    QStringLiteral("room"), rule.room, RuleValues::namesOf(m_rules.rooms)));
    }

    void readCredentials(ConfigTable& table, EventRule& rule)
    {
        rule.nonce = m_values.path(table, QStringLiteral("nonce"));
        if (!rule.nonce && !rule.token)
            table.complain(QStringLiteral("\"nonce\" or \"token\" says where it stands"));
        if (m_rules.claims.isEmpty())
            table.complain(QStringLiteral("tokens need [%1] claims").arg(m_table.path()));
    }

    void readPublication(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = m_values.within(path, node);
        PublicationRule rule;
        rule.place = node.place();
        rule.exchange = m_values.exchange(table);
        const QString topic = table.required(QStringLiteral("topic"));
        rule.topic = m_values.textTemplate(table, QStringLiteral("topic"));
        if (rule.topic.isFixed() && !topic.isEmpty() && !bus::isPattern(topic.toUtf8()))
            table.complain(QStringLiteral("topic"), QStringLiteral("is no topic pattern"));
        table.required(QStringLiteral("room"));
        rule.room = m_values.textTemplate(table, QStringLiteral("room"));
        rule.restricted = m_values.textTemplate(table, QStringLiteral("restricted_room"));
        rule.openWhen
            = m_values.conditions(table, QStringLiteral("open_when"), QStringLiteral("body"));
        if (rule.restricted.isEmpty() != rule.openWhen.empty())
            table.complain(QStringLiteral("\"restricted_room\" and \"open_when\" go together"));
        rule.event = table.required(QStringLiteral("event")).toUtf8();
        rule.payload = m_values.jsonTemplate(table, QStringLiteral("payload"));
        table.finish();
        m_rules.publications.push_back(std::move(rule));
    }

    void readControl(const QString& path, const ConfigNode& node)
    {
        ConfigTable table = m_values.within(path, node);
        ControlRule rule;
        rule.place = node.place();
        rule.queue = table.required(QStringLiteral("queue")).toUtf8();
        if (!rule.queue.isEmpty() && !bus::isQueueName(rule.queue))
            table.complain(QStringLiteral("queue"), QStringLiteral("is no name of a queue"));
        rule.method = table.required(QStringLiteral("method")).toUtf8();
        table.required(QStringLiteral("action"));
        const auto action = table.choice(
            QStringLiteral("action"), {QStringLiteral("register_nonce"), QStringLiteral("demote")});
        const bool isDemote = action == QStringLiteral("demote");
        rule.action = isDemote ? ControlRule::Action::Demote : ControlRule::Action::RegisterNonce;
        rule.nonceArg = int(table.integerOr(QStringLiteral("nonce_arg"), 0, 0, 15));
        rule.tokenArg = int(table.integerOr(QStringLiteral("token_arg"), isDemote ? 0 : 1, 0, 15));
        if (m_rules.claims.isEmpty())
            table.complain(QStringLiteral("tokens need [%1] claims").arg(m_table.path()));
        table.finish();
        m_rules.controls.push_back(std::move(rule));
    }

    ConfigTable m_table;
    Rules m_rules;
    RuleValues m_values;
};

} // namespace

Rules readRules(const QString& name, const ConfigNode& node, ConfigMistakes& mistakes)
{
    return RulesReader(name, node, mistakes).read();
}

} // namespace gatehouse::relay
