# SPDX-License-Identifier: Apache-2.0
# One word for a room (a static library), an executable and a test, so that each CMakeLists.txt
# reads as the list of what is in it and what it may use.

# gatehouse_add_room(server/hub SOURCES a.cpp a.h DEPENDS gatehouse::core Qt6::Core)
# makes the static library gatehouse_server_hub with the alias gatehouse::hub (the last path part).
function(gatehouse_add_room path)
    cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS" ${ARGN})
    string(REPLACE "/" "_" target "gatehouse_${path}")
    string(REPLACE "-" "_" target "${target}")
    get_filename_component(name "${path}" NAME)
    if(path MATCHES "^admin-gui/")
        set(name "gui_${name}")
    endif()
    add_library(${target} STATIC ${ROOM_SOURCES})
    add_library(gatehouse::${name} ALIAS ${target})
    target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${target} PUBLIC ${ROOM_DEPENDS} PRIVATE gatehouse_options)
    _gatehouse_precompile(${target})
    set_property(GLOBAL APPEND PROPERTY GATEHOUSE_ROOMS ${target})
endfunction()

# gatehouse_add_executable(gatehouse SOURCES main.cpp DEPENDS gatehouse::app)
function(gatehouse_add_executable name)
    cmake_parse_arguments(EXE "" "" "SOURCES;DEPENDS" ${ARGN})
    add_executable(${name} ${EXE_SOURCES})
    target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE ${EXE_DEPENDS} gatehouse_options)
    _gatehouse_precompile(${name})
endfunction()

# gatehouse_add_test(server/hub/tst_hub DEPENDS gatehouse::hub [SOURCES more.cpp] [TIMEOUT 60] [LABELS x])
# builds tests/<path>.cpp, called from the folder that holds it, and runs it offscreen. The file
# includes its own <name>.moc. A test's own code is optimised little: half of a full build's time
# would go there, and what is tested comes from the rooms as people run it.
function(gatehouse_add_test path)
    cmake_parse_arguments(TST "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
    string(REPLACE "/" "." name "${path}")
    get_filename_component(file "${path}" NAME)
    string(REPLACE "/" "_" target "${path}")
    string(REPLACE "-" "_" target "${target}")
    # One call of moc instead of AUTOMOC's three steps and a nearly empty file to compile.
    set(moc "${CMAKE_CURRENT_BINARY_DIR}/${file}.moc")
    add_executable(${target} "${file}.cpp" "${moc}" ${TST_SOURCES})
    set_target_properties(${target} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests" AUTOMOC OFF)
    qt6_generate_moc("${file}.cpp" "${moc}" TARGET ${target})
    target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_BINARY_DIR}")
    target_link_libraries(${target} PRIVATE ${TST_DEPENDS} gatehouse_options)
    if(path MATCHES "^admin-gui/")
        _gatehouse_precompile_test(${target} gatehouse_gui_test_pch Qt6::Widgets)
    else()
        _gatehouse_precompile_test(${target} gatehouse_test_pch)
    endif()
    if(NOT TST_TIMEOUT)
        set(TST_TIMEOUT 60)
    endif()
    add_test(NAME ${name} COMMAND ${target})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${TST_TIMEOUT} LABELS "unit;${TST_LABELS}"
        ENVIRONMENT "QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8")
endfunction()

# The one precompiled header is built by gatehouse_pch and reused by everybody else.
function(_gatehouse_precompile target)
    if(GATEHOUSE_PCH)
        if(NOT TARGET gatehouse_pch)
            add_library(gatehouse_pch STATIC "${CMAKE_SOURCE_DIR}/cmake/pch.cpp")
            target_include_directories(gatehouse_pch PRIVATE "${CMAKE_SOURCE_DIR}")
            target_link_libraries(gatehouse_pch PRIVATE gatehouse_options Qt6::Core)
            target_precompile_headers(gatehouse_pch PRIVATE "<cmake/pch.h>")
        endif()
        target_precompile_headers(${target} REUSE_FROM gatehouse_pch)
    endif()
endfunction()

# Tests have precompiled headers of their own, since a header serves only files compiled with the same
# options and, because of what <QTest> asks for, with the same modules of Qt: one for tests of the
# console, one for the others.
function(_gatehouse_precompile_test target owner)
    set(modules Qt6::Test Qt6::Network ${ARGN})
    set(options $<$<CONFIG:Release>:-O1>)
    target_link_libraries(${target} PRIVATE ${modules})
    target_compile_options(${target} PRIVATE ${options})
    if(GATEHOUSE_PCH)
        if(NOT TARGET ${owner})
            add_library(${owner} STATIC "${CMAKE_SOURCE_DIR}/cmake/pch.cpp")
            set_target_properties(${owner} PROPERTIES AUTOMOC OFF)
            target_include_directories(${owner} PRIVATE "${CMAKE_SOURCE_DIR}")
            target_link_libraries(${owner} PRIVATE gatehouse_options ${modules})
            target_compile_options(${owner} PRIVATE ${options})
            target_precompile_headers(${owner} PRIVATE "<cmake/testpch.h>")
        endif()
        target_precompile_headers(${target} REUSE_FROM ${owner})
    endif()
endfunction()
