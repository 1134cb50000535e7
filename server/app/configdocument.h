// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configurationreader.h"

namespace gatehouse::app {

/// The sample file: every key with its explanation, commented out, at its default.
QString sampleConfiguration();

/// docs/configuration.md.
QString configurationReference();

/// What is in force, each line with where it comes from; secrets are masked.
QString effectiveConfiguration(const ConfigurationReader::Report& report);

} // namespace gatehouse::app
