// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configuration.h"
#include "server/app/configvalue.h"

#include <functional>
#include <vector>

namespace gatehouse::app {

/// One thing an operator can set. The reader, `check-config`, `config show`, the sample file and
/// docs/configuration.md all work from these rows.
struct ConfigKey
{
    QString section;
    QString name;
    ConfigType type = ConfigType::Text;
    qint64 min = 0; ///< Count, Size (octets), Duration (milliseconds)
    qint64 max = 0;
    QStringList choices;
    QString doc; ///< one or two sentences, Markdown
    std::function<ConfigValue(const Configuration&)> read;
    std::function<void(Configuration&, const ConfigValue&)> write;
    std::function<QString(const ConfigValue&)> check; ///< what is wrong with it; may be empty

    QString fullName() const { return section + u'.' + name; }
    QString environmentName() const; ///< GATEHOUSE_SERVER_LISTEN
    QString rangeText() const; ///< "1s to 1h", "debug, info"; empty when anything goes

    /// What is wrong with the value for this key; empty when it is right.
    QString problemWith(const ConfigValue& value) const;
};

struct ConfigSection
{
    QString name;
    QString doc;
};

const std::vector<ConfigSection>& configSections();
const std::vector<ConfigKey>& configKeys(); ///< in the order of the sections

const ConfigKey* findConfigKey(const QString& section, const QString& name);

/// "section.key" nearest to what was written, or empty when nothing is near.
QString nearestConfigKey(const QString& section, const QString& name);
QString nearestConfigSection(const QString& name);

} // namespace gatehouse::app
