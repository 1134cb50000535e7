// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/rules.h"

namespace gatehouse::relay {

/// Reads the values that the tables of a profile have in common: templates, paths, conditions, and
/// names of what the profile has named so far. A mistake is told at its place. Made for one
/// reading; looks at the rules while they grow.
class RuleValues
{
public:
    RuleValues(const Rules& rules, ConfigMistakes& mistakes) : m_rules(rules), m_mistakes(mistakes)
    {
    }

    ConfigTable within(const QString& path, const ConfigNode& node) const
    {
        return {node, path, m_mistakes};
    }
    ConfigTable below(const ConfigTable& table, const QString& name, const ConfigNode& node) const
    {
        return within(QString(table.path() + u'.' + name), node);
    }

    QString routeName(ConfigTable& table) const; ///< of the key "route", which has to be there
    QByteArray exchange(ConfigTable& table) const; ///< of the key "exchange"
    Needs needs(ConfigTable& table) const; ///< of the key "needs"
    quint64 bit(ConfigTable& table, const QString& key, const QString& name) const;
    std::optional<ValuePath> path(ConfigTable& table, const QString& key) const;
    TextTemplate textTemplate(ConfigTable& table, const QString& key) const;
    JsonTemplate jsonTemplate(ConfigTable& table, const QString& key) const;
    /// `root` is what the paths in the table begin with.
    std::vector<Condition> conditions(
        ConfigTable& table, const QString& key, const QString& root) const;

    /// "there is no route "a"; did you mean "b"?"
    static QString unknownName(const QString& what, const QString& name, const QStringList& known);

    template <class T>
    static QStringList namesOf(const std::vector<T>& all)
    {
        QStringList names;
        for (const T& item : all)
            names.append(item.name);
        return names;
    }

private:
    const Rules& m_rules;
    ConfigMistakes& m_mistakes;
};

} // namespace gatehouse::relay
