// SPDX-License-Identifier: Apache-2.0
// Never compiled: the layering check must find this one too, whatever its brackets and its suffix.
#include <server/store/store.h>
