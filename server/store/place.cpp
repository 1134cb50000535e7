// SPDX-License-Identifier: Apache-2.0
#include "server/store/place.h"

#include <QRegularExpression>
#include <QUrl>
#include <QUrlQuery>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

const QStringList knownOptions{u"application_name"_s, u"connect_timeout"_s, u"keepalives"_s,
    u"keepalives_count"_s, u"keepalives_idle"_s, u"keepalives_interval"_s, u"sslcert"_s,
    u"sslcrl"_s, u"sslkey"_s, u"sslmode"_s, u"sslrootcert"_s, u"target_session_attrs"_s,
    u"tcp_user_timeout"_s};

/// Options go into a line of words, so a value must be one word.
bool isWord(const QString& value)
{
    static const QRegularExpression word(u"^[-A-Za-z0-9_./:@+]+$"_s);
    return word.match(value).hasMatch();
}

} // namespace

Place Place::inFile(const QString& path)
{
    Place place;
    place.file = path;
    return place;
}

Result<Place> Place::fromUrl(const QString& text)
{
    const QUrl url(text, QUrl::StrictMode);
    if (!url.isValid() || (url.scheme() != u"postgresql" && url.scheme() != u"postgres"))
        return failure(ErrorCode::BadRequest,
            u"expected postgresql://user:password@host:port/name, or nothing for SQLite"_s);
    Place place;
    place.backEnd = BackEnd::Postgres;
    place.host = url.host();
    place.port = url.port(place.port);
    place.user = url.userName(QUrl::FullyDecoded);
    place.password = url.password(QUrl::FullyDecoded);
    place.name = url.path(QUrl::FullyDecoded).sliced(url.path().isEmpty() ? 0 : 1);
    if (place.name.isEmpty() || place.name.contains(u'/'))
        return failure(ErrorCode::BadRequest, u"the address names no database"_s);
    for (const auto& [key, value] : QUrlQuery(url).queryItems(QUrl::FullyDecoded)) {
        if (!isWord(value))
            return failure(ErrorCode::BadRequest, u"option %1 has an unusable value"_s.arg(key));
        if (key == u"host")
            place.host = value;
        else if (knownOptions.contains(key))
            place.options += QString(key + u'=' + value);
        else
            return failure(ErrorCode::BadRequest,
                u"unknown option %1; there are host, %2"_s.arg(key, knownOptions.join(u", "_s)));
    }
    return place;
}

QString Place::connectOptions() const
{
    // A server that vanishes without a word is given up after five seconds.
    const QStringList defaults{u"application_name=gatehouse"_s, u"connect_timeout=3"_s,
        u"tcp_user_timeout=5000"_s, u"keepalives=1"_s, u"keepalives_idle=2"_s,
        u"keepalives_interval=1"_s, u"keepalives_count=3"_s};
    return (defaults + options).join(u';');
}

QString Place::text() const
{
    if (!isRemote())
        return file;
    const QString at = host.startsWith(u'/') ? host : QString(host + u':' + QString::number(port));
    return u"PostgreSQL database %1 at %2"_s.arg(name, host.isEmpty() ? u"this machine"_s : at);
}

} // namespace gatehouse::store
