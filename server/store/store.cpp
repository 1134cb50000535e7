// SPDX-License-Identifier: Apache-2.0
#include "server/store/store.h"

#include "server/store/import.h"
