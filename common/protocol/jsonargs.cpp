// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/jsonargs.h"

#include <QJsonDocument>
#include <QJsonObject>

namespace gatehouse::protocol {

namespace {

QByteArray compact(const QJsonArray& array)
{
    return QJsonDocument(array).toJson(QJsonDocument::Compact);
}

} // namespace

QByteArray toJson(const QJsonValue& value)
{
    // QJsonDocument writes arrays and objects only; the brackets come off again.
    return toJsonArgs(QJsonArray{value});
}

JsonArgs toJsonArgs(const QJsonArray& args)
{
    const QByteArray text = compact(args);
    return text.sliced(1, text.size() - 2);
}

QJsonArray fromJsonArgs(const JsonArgs& args)
{
    return QJsonDocument::fromJson('[' + args + ']').array();
}

JsonArgsBuilder& JsonArgsBuilder::add(const QJsonValue& value)
{
    return addRaw(toJson(value));
}

JsonArgsBuilder& JsonArgsBuilder::addRaw(QByteArrayView checkedJson)
{
    if (!m_args.isEmpty())
        m_args += ',';
    m_args += checkedJson;
    return *this;
}

JsonArgsBuilder& JsonArgsBuilder::addBinary(QByteArray octets)
{
    addRaw(QByteArray(
        R"({"_placeholder":true,"num":)" + QByteArray::number(m_attachments.size()) + '}'));
    m_attachments.append(std::move(octets));
    return *this;
}

} // namespace gatehouse::protocol
