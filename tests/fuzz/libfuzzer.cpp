// SPDX-License-Identifier: Apache-2.0
// What libFuzzer calls for each input.
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    gatehouse::fuzz::checkInput({reinterpret_cast<const char*>(data), qsizetype(size)});
    return 0;
}
