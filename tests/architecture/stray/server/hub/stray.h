// SPDX-License-Identifier: Apache-2.0
// An include the layering forbids, kept to prove that the check sees it.
#include "server/session/socket.h"
