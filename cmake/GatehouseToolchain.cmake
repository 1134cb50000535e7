# SPDX-License-Identifier: Apache-2.0
# Compiler settings shared by every target: language level, warnings, Qt strictness, sanitizers,
# compiler cache. Everything is on the INTERFACE target gatehouse_options.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_AUTOMOC ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(GATEHOUSE_CCACHE ccache)
if(GATEHOUSE_CCACHE)
    # The sloppiness list is what ccache needs to cache translation units that use a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env
        "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "CCACHE_NOHASHDIR=1" "${GATEHOUSE_CCACHE}")
endif()

# A hundred test programs are linked in every full build; this linker does each in a tenth of the time.
find_program(GATEHOUSE_MOLD mold)

add_library(gatehouse_options INTERFACE)
target_compile_options(gatehouse_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wundef -Wformat=2
    -Werror -fstack-protector-strong)
target_compile_definitions(gatehouse_options INTERFACE
    QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_URL_CAST_FROM_STRING
    QT_NO_CAST_FROM_BYTEARRAY QT_NO_KEYWORDS QT_NO_FOREACH QT_NO_NARROWING_CONVERSIONS_IN_CONNECT
    QT_USE_QSTRINGBUILDER QT_DISABLE_DEPRECATED_BEFORE=0x060400
    GATEHOUSE_VERSION="${PROJECT_VERSION}")
target_link_options(gatehouse_options INTERFACE
    -Wl,-z,relro,-z,now $<$<BOOL:${GATEHOUSE_MOLD}>:-fuse-ld=mold>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND GATEHOUSE_PCH)
    target_compile_options(gatehouse_options INTERFACE -fpch-preprocess)
endif()
if(GATEHOUSE_ASAN)
    # GCC's own manual warns that sanitizers make this warning fire where nothing is wrong.
    target_compile_options(gatehouse_options INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    target_link_options(gatehouse_options INTERFACE -fsanitize=address,undefined)
elseif(GATEHOUSE_TSAN)
    target_compile_options(gatehouse_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(gatehouse_options INTERFACE -fsanitize=thread)
elseif(GATEHOUSE_FUZZ)
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "Fuzzing needs clang and its libFuzzer: use the preset \"fuzz\"")
    endif()
    target_compile_options(gatehouse_options INTERFACE
        -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(gatehouse_options INTERFACE -fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_definitions(gatehouse_options INTERFACE _FORTIFY_SOURCE=2)
endif()
