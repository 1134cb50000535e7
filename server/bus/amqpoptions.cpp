// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpoptions.h"

#include "server/bus/topicpattern.h"

#include <QUrl>

namespace gatehouse::bus {

Result<AmqpEndpoint> AmqpEndpoint::fromUrl(const QString& text)
{
    const auto refused
        = [](const char* why) { return failure(ErrorCode::BadRequest, QString::fromLatin1(why)); };
    const QUrl url(text, QUrl::StrictMode);
    AmqpEndpoint endpoint;
    if (!url.isValid())
        return refused("not an address such as \"amqp://user@host:5672/vhost\"");
    if (url.scheme() == QLatin1StringView("amqps")) {
        endpoint.hasTls = true;
        endpoint.port = 5671;
    } else if (url.scheme() != QLatin1StringView("amqp")) {
        return refused("the scheme is neither \"amqp\" nor \"amqps\"");
    }
    if (url.hasQuery() || url.hasFragment())
        return refused("a query or a fragment has no meaning here");
    if (!url.host().isEmpty())
        endpoint.host = url.host();
    if (url.port() == 0)
        return refused("port 0 cannot be connected to");
    if (url.port() > 0)
        endpoint.port = quint16(url.port());
    if (!url.userName().isEmpty())
        endpoint.user = url.userName(QUrl::FullyDecoded);
    if (!url.password().isNull())
        endpoint.password = url.password(QUrl::FullyDecoded);
    const QString path = url.path(QUrl::FullyEncoded);
    if (path.size() > 1) {
        if (path.indexOf(u'/', 1) >= 0)
            return refused("a virtual host with a slash is written with %2F");
        endpoint.virtualHost = QUrl::fromPercentEncoding(path.sliced(1).toUtf8());
    }
    return endpoint;
}

QString AmqpEndpoint::text() const
{
    QUrl url;
    url.setScheme(hasTls ? QStringLiteral("amqps") : QStringLiteral("amqp"));
    url.setUserName(user);
    url.setHost(host);
    url.setPort(port);
    return QString(url.toString() + u'/'
        + QString::fromLatin1(
            virtualHost == u'/' ? QByteArray() : QUrl::toPercentEncoding(virtualHost)));
}

Result<ExchangeOptions> ExchangeOptions::fromText(const QString& text)
{
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    ExchangeOptions options;
    const auto refused = [&text] {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("\"%1\" is not NAME topic|fanout|direct [durable|transient]").arg(text));
    };
    if (words.size() < 2 || words.size() > 3)
        return refused();
    options.name = words[0].toUtf8();
    options.type = words[1].toUtf8();
    if (!isQueueName(options.name)
        || (options.type != "topic" && options.type != "fanout" && options.type != "direct"))
        return refused();
    if (words.size() == 3) {
        options.isDurable = words[2] == QLatin1StringView("durable");
        if (!options.isDurable && words[2] != QLatin1StringView("transient"))
            return refused();
    }
    return options;
}

} // namespace gatehouse::bus
