// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/services/servicesprofile.h"

#include <QJsonObject>

#include <map>

namespace gatehouse::app {

/// The items of the console's topic `services` (docs/admin-protocol.md): the bus, services and
/// types. `profile` is null where no listener is for services.
std::map<QString, QJsonObject> serviceItems(
    const bus::Bus& bus, const services::ServicesProfile* profile);

} // namespace gatehouse::app
