// SPDX-License-Identifier: Apache-2.0
#include "common/core/strictjson.h"
#include "server/store/import.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSet>

#include <initializer_list>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

constexpr qsizetype maxTextLength = 1'000;
constexpr qsizetype maxPublicKeyLength = 16'384;
constexpr qsizetype maxKeycloakIdLength = 255; // Keycloak's own column

struct Fault
{
    Error error;
};

[[noreturn]] void fault(const QString& place, const QString& why)
{
    throw Fault{{ErrorCode::BadRequest, place + u": "_s + why}};
}

enum class Need : quint8 { Required, Optional };

/// One object of the file: hands out its fields and afterwards refuses those nobody asked for.
class Fields
{
public:
    Fields(const QJsonValue& value, QString place) : m_place(std::move(place))
    {
        if (!value.isObject())
            fault(m_place, u"must be an object"_s);
        m_object = value.toObject();
    }

    const QString& place() const { return m_place; }
    QString placeOf(const QString& key) const
    {
        return m_place.isEmpty() ? key : QString(m_place + u'.' + key);
    }

    QJsonValue value(const QString& key)
    {
        m_known.insert(key);
        return m_object.value(key);
    }

    QString text(const QString& key, Need need = Need::Optional, qsizetype limit = maxTextLength)
    {
        const QJsonValue field = value(key);
        if (field.isUndefined() && need == Need::Optional)
            return {};
        if (field.isUndefined())
            fault(placeOf(key), u"is missing"_s);
        return checkText(field, placeOf(key), need, limit);
    }

    bool boolean(const QString& key, bool fallback)
    {
        const QJsonValue field = value(key);
        if (!field.isUndefined() && !field.isBool())
            fault(placeOf(key), u"must be true or false"_s);
        return field.toBool(fallback);
    }

    QJsonArray list(const QString& key)
    {
        const QJsonValue field = value(key);
        if (!field.isUndefined() && !field.isArray())
            fault(placeOf(key), u"must be a list"_s);
        return field.toArray();
    }

    QStringList texts(const QString& key)
    {
        QStringList items;
        const QJsonArray array = list(key);
        for (qsizetype i = 0; i < array.size(); ++i) {
            const QString itemPlace = u"%1[%2]"_s.arg(placeOf(key)).arg(i);
            const QString item = checkText(array[i], itemPlace, Need::Required, maxTextLength);
            if (items.contains(item))
                fault(itemPlace, u"\"%1\" is named twice"_s.arg(item));
            items += item;
        }
        return items;
    }

    void finish() const
    {
        for (auto field = m_object.begin(); field != m_object.end(); ++field) {
            if (!m_known.contains(field.key()))
                fault(placeOf(field.key()), u"is not a known field (known: %1)"_s.arg(known()));
        }
    }

private:
    static QString checkText(
        const QJsonValue& field, const QString& place, Need need, qsizetype limit)
    {
        if (!field.isString())
            fault(place, u"must be text"_s);
        const QString text = field.toString();
        if (need == Need::Required && text.trimmed().isEmpty())
            fault(place, u"must not be empty"_s);
        if (text.size() > limit)
            fault(place, u"is longer than %1 characters"_s.arg(limit));
        for (const QChar c : text) {
            if (c.category() == QChar::Other_Control)
                fault(place, u"holds a control character"_s);
        }
        return text;
    }

    QString known() const
    {
        QStringList names(m_known.begin(), m_known.end());
        names.sort();
        return names.join(u", "_s);
    }

    QString m_place;
    QJsonObject m_object;
    QSet<QString> m_known;
};

/// Reads the whole document; throws Fault.
class ImportReader
{
public:
    explicit ImportReader(const QJsonObject& document) : m_document(document, QString()) { }

    ImportData read()
    {
        readHead();
        ImportData data;
        data.organizations = each<ImportOrganization>(
            u"organizations"_s, [](Fields& fields) { return organization(fields); });
        data.collaborations = each<ImportCollaboration>(
            u"collaborations"_s, [](Fields& fields) { return collaboration(fields); });
        data.studies
            = each<ImportStudy>(u"studies"_s, [](Fields& fields) { return study(fields); });
        data.roles = each<ImportRole>(u"roles"_s, [](Fields& fields) { return role(fields); });
        data.nodes = each<ImportNode>(u"nodes"_s, [](Fields& fields) { return node(fields); });
        data.users = each<ImportUser>(u"users"_s, [](Fields& fields) { return user(fields); });
        m_document.finish();
        checkUnique(data);
        return data;
    }

private:
    void readHead()
    {
        if (m_document.text(u"format"_s, Need::Required) != u"gatehouse-import")
            fault(u"format"_s, u"must be \"gatehouse-import\""_s);
        const QJsonValue version = m_document.value(u"version"_s);
        if (version.isUndefined())
            fault(u"version"_s, u"is missing"_s);
        if (version.toInteger(0) != 1)
            fault(u"version"_s, u"must be 1, the only version there is"_s);
    }

    template <class Item, class Read>
    std::vector<Item> each(const QString& key, Read read)
    {
        std::vector<Item> items;
        const QJsonArray array = m_document.list(key);
        items.reserve(size_t(array.size()));
        for (qsizetype i = 0; i < array.size(); ++i) {
            Fields fields(array[i], u"%1[%2]"_s.arg(key).arg(i));
            items.push_back(read(fields));
            fields.finish();
        }
        return items;
    }

    static ImportOrganization organization(Fields& fields)
    {
        ImportOrganization item;
        item.place = fields.place();
        item.entity.name = fields.text(u"name"_s, Need::Required);
        item.entity.domain = fields.text(u"domain"_s);
        item.entity.address1 = fields.text(u"address1"_s);
        item.entity.address2 = fields.text(u"address2"_s);
        item.entity.zipcode = fields.text(u"zipcode"_s);
        item.entity.country = fields.text(u"country"_s);
        item.entity.publicKey = fields.text(u"public_key"_s, Need::Optional, maxPublicKeyLength);
        return item;
    }

    static ImportCollaboration collaboration(Fields& fields)
    {
        ImportCollaboration item;
        item.place = fields.place();
        item.name = fields.text(u"name"_s, Need::Required);
        item.encrypted = fields.boolean(u"encrypted"_s, true);
        // Absent must not mean "nobody": that would empty a collaboration by a forgotten line.
        if (fields.value(u"organizations"_s).isUndefined())
            fault(fields.placeOf(u"organizations"_s), u"is missing"_s);
        item.organizations = fields.texts(u"organizations"_s);
        return item;
    }

    static ImportStudy study(Fields& fields)
    {
        ImportStudy item;
        item.place = fields.place();
        item.name = fields.text(u"name"_s, Need::Required);
        item.collaboration = fields.text(u"collaboration"_s, Need::Required);
        item.organizations = fields.texts(u"organizations"_s);
        return item;
    }

    static ImportRole role(Fields& fields)
    {
        ImportRole item;
        item.place = fields.place();
        item.name = fields.text(u"name"_s, Need::Required);
        item.description = fields.text(u"description"_s);
        item.organization = fields.text(u"organization"_s);
        item.rules = rules(fields);
        return item;
    }

    static ImportNode node(Fields& fields)
    {
        ImportNode item;
        item.place = fields.place();
        item.name = fields.text(u"name"_s, Need::Required);
        item.organization = fields.text(u"organization"_s, Need::Required);
        item.collaboration = fields.text(u"collaboration"_s, Need::Required);
        const QString key = fields.text(u"api_key"_s);
        if (!fields.value(u"api_key"_s).isUndefined()) {
            static const QRegularExpression uuid(
                u"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"_s);
            // Random is what makes a fast hash safe; what looks like a UUID at least may be.
            if (!uuid.match(key).hasMatch())
                fault(fields.placeOf(u"api_key"_s),
                    u"must be a UUID in lower case, as `uuidgen -r` prints it"_s);
            item.apiKeyHash = work::apiKeyHash(key.toLatin1());
        }
        item.keycloakId = keycloakId(fields);
        return item;
    }

    static std::optional<QString> keycloakId(Fields& fields)
    {
        const QString id = fields.text(u"keycloak_id"_s, Need::Optional, maxKeycloakIdLength);
        return fields.value(u"keycloak_id"_s).isUndefined() ? std::nullopt : std::optional(id);
    }

    static ImportUser user(Fields& fields)
    {
        ImportUser item;
        item.place = fields.place();
        item.entity.username = fields.text(u"username"_s, Need::Required);
        item.entity.email = fields.text(u"email"_s);
        item.entity.firstname = fields.text(u"firstname"_s);
        item.entity.lastname = fields.text(u"lastname"_s);
        item.organization = fields.text(u"organization"_s, Need::Required);
        if (!fields.value(u"password"_s).isUndefined()) {
            item.password = fields.text(u"password"_s, Need::Required);
            if (item.password->size() < 8)
                fault(fields.placeOf(u"password"_s), u"must have at least 8 characters"_s);
            item.keepPassword = false;
        }
        item.keycloakId = keycloakId(fields);
        item.roles = fields.texts(u"roles"_s);
        item.rules = rules(fields);
        return item;
    }

    static std::vector<ImportRule> rules(Fields& fields)
    {
        std::vector<ImportRule> items;
        const QStringList texts = fields.texts(u"rules"_s);
        for (qsizetype i = 0; i < texts.size(); ++i)
            items.push_back(rule(texts[i], u"%1[%2]"_s.arg(fields.placeOf(u"rules"_s)).arg(i)));
        return items;
    }

    static ImportRule rule(const QString& text, const QString& place)
    {
        const QStringList parts = text.split(u'/');
        if (parts.size() != 3)
            fault(place,
                u"must be \"resource/operation/scope\", for example "
                "\"task/create/collaboration\""_s);
        const auto operation = model::ruleOperationFromName(parts[1]);
        if (!operation)
            fault(place,
                u"\"%1\" is no operation (view, edit, create, delete, send, receive)"_s.arg(
                    parts[1]));
        const auto scope = model::ruleScopeFromName(parts[2]);
        if (!scope)
            fault(place,
                u"\"%1\" is no scope (own, organization, collaboration, global)"_s.arg(parts[2]));
        return {place, {parts[0].toUtf8(), *scope, *operation}};
    }

    template <class Item, class Key>
    static void unique(const std::vector<Item>& items, const QString& field, Key key)
    {
        QHash<QString, QString> places;
        for (const Item& item : items) {
            const QString name = key(item);
            if (places.contains(name))
                fault(item.place + u'.' + field,
                    u"\"%1\" was already defined at %2"_s.arg(
                        name.section(u'\n', 0, 0), places.value(name)));
            places.insert(name, item.place);
        }
    }

    static void checkUnique(const ImportData& data)
    {
        const QString name = u"name"_s;
        unique(data.organizations, name, [](const auto& item) { return item.entity.name; });
        unique(data.collaborations, name, [](const auto& item) { return item.name; });
        unique(data.studies, name, [](const auto& item) { return item.name; });
        unique(data.nodes, name, [](const auto& item) { return item.name; });
        // The same role name may exist once per organization.
        unique(data.roles, name,
            [](const auto& item) { return QString(item.name + u'\n' + item.organization); });
        unique(data.users, u"username"_s, [](const auto& item) { return item.entity.username; });
    }

    Fields m_document;
};

} // namespace

Result<ImportData> readImport(const QByteArray& json)
{
    if (json.size() > maxImportBytes)
        return failure(
            ErrorCode::TooLarge, u"the file is larger than %1 MiB"_s.arg(maxImportBytes >> 20));
    const JsonRules strict{.maxDepth = 8,
        .duplicateNames = DuplicateNames::Refuse,
        .loneSurrogates = LoneSurrogates::Refuse};
    if (const auto checked = checkJson(json, strict); !checked)
        return tl::unexpected(checked.error().toError());
    const QJsonDocument document = QJsonDocument::fromJson(json);
    if (!document.isObject())
        return failure(ErrorCode::BadRequest, u"the file must hold one JSON object"_s);
    try {
        return ImportReader(document.object()).read();
    } catch (const Fault& found) {
        return tl::unexpected(found.error);
    }
}

Result<void> hashPasswords(ImportData& data, const PasswordHasher& hasher)
{
    for (ImportUser& user : data.users) {
        if (!user.password)
            continue;
        const Result<QByteArray> hash = hasher(*user.password);
        if (!hash)
            return failure(hash.error().code, user.place + u".password: "_s + hash.error().detail);
        user.entity.passwordHash = *hash;
        user.password->fill(u'\0');
        user.password.reset();
    }
    return {};
}

} // namespace gatehouse::store
