// SPDX-License-Identifier: Apache-2.0
// The static library that owns the precompiled header needs one source file.
