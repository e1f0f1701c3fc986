include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)

add_library(winnow_options INTERFACE)
target_include_directories(winnow_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
# g++ 12 sees overlaps in "text" + string and copies of negative length that are not there (its bug 105651).
option(WINNOW_WERROR "Take warnings for errors; off for compilers that warn of more" ON)
target_compile_options(winnow_options INTERFACE -Wall -Wextra -Wconversion $<$<BOOL:${WINNOW_WERROR}>:-Werror> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds>)
target_compile_definitions(winnow_options INTERFACE WINNOW_VERSION="${PROJECT_VERSION}")
target_link_libraries(winnow_options INTERFACE Threads::Threads)
if(NOT APPLE)
  target_link_options(winnow_options INTERFACE LINKER:--as-needed)  # libhwy is not (src/kernels/highway_targets.cpp)
endif()
if(WINNOW_SANITIZE)
  # GCC's flow warnings misfire under the sanitizers' instrumentation; the release build keeps them as errors.
  target_compile_options(winnow_options INTERFACE -fsanitize=${WINNOW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined -Wno-error)
  target_link_options(winnow_options INTERFACE -fsanitize=${WINNOW_SANITIZE})
endif()
include(${CMAKE_CURRENT_LIST_DIR}/hardening.cmake)

# Headers that nearly every file includes, parsed once. Without -DWINNOW_PCH=ON each file is parsed alone, which shows
# whether it includes what it uses. Our own headers among them have include guards: #pragma once does not recognize a file
# again where a compiler cache serves the precompiled header of another checkout.
option(WINNOW_PCH "Precompile the headers that most files include" ON)
function(winnow_precompiled_headers name)
  file(WRITE ${PROJECT_BINARY_DIR}/${name}.cpp "// Precompiles headers; see cmake/folder.cmake.\n")
  add_library(${name} STATIC ${PROJECT_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PRIVATE winnow_options ${ARGN})
  target_compile_options(${name} PRIVATE ${WINNOW_PCH_FLAGS})
endfunction()
# ccache can keep what was compiled with precompiled headers if g++ names the header that it used, and if clang writes no time
# into the header.
set(WINNOW_PCH_FLAGS $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
set(WINNOW_PCH_HEADERS
    <algorithm> <array> <chrono> <cmath> <cstdint> <cstring> <expected> <filesystem> <functional> <map> <memory>
    <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>
    ${PROJECT_SOURCE_DIR}/src/base/json.h ${PROJECT_SOURCE_DIR}/src/base/log.h)
if(WINNOW_PCH)
  winnow_precompiled_headers(winnow_pch fmt::fmt)
  target_precompile_headers(winnow_pch PRIVATE ${WINNOW_PCH_HEADERS})
  if(WINNOW_TESTS)
    winnow_precompiled_headers(winnow_test_pch fmt::fmt GTest::gtest GTest::gmock)
    target_precompile_headers(winnow_test_pch PRIVATE ${WINNOW_PCH_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
    # As programs are compiled, which the tests are.
    set_target_properties(winnow_test_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(winnow_test_pch PRIVATE -fPIE)
  endif()
endif()
function(winnow_use_precompiled_headers target from)
  if(WINNOW_PCH)
    target_precompile_headers(${target} REUSE_FROM ${from})
    target_compile_options(${target} PRIVATE ${WINNOW_PCH_FLAGS})
  endif()
endfunction()

# Several files of a folder compiled as one, which reads their headers and instantiates their templates once: a build from scratch
# takes about half the time. So a name in an anonymous namespace may occur once among files that are compiled together, which
# tests/name_check.py checks. Without -DWINNOW_UNITY=ON each file is compiled alone, for tools that look at single files.
option(WINNOW_UNITY "Compile several source files of a folder as one" ON)
if(WINNOW_UNITY)
  # In a file that is included, a type of an anonymous namespace seems to g++ one that others may see.
  target_compile_options(winnow_options INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()
set(WINNOW_UNITY_FILES 8)  # at most; with more, a change of one file costs more than it saves

# winnow_unity(VARIABLE TARGET source...): sets VARIABLE to the files to compile for TARGET, whose sources lie below src/.
# They include the sources by their path in src/, so that a compiler cache serves checkouts in other places.
function(winnow_unity variable target)
  set(files ${ARGN})
  list(LENGTH ARGN count)
  if(WINNOW_UNITY AND count GREATER 0)
    set(files "")
    math(EXPR batches "(${count} + ${WINNOW_UNITY_FILES} - 1) / ${WINNOW_UNITY_FILES}")
    set(begin 0)
    foreach(batch RANGE 1 ${batches})  # of equal sizes
      math(EXPR end "${count} * ${batch} / ${batches}")
      math(EXPR length "${end} - ${begin}")
      list(SUBLIST ARGN ${begin} ${length} sources)
      set(begin ${end})
      set(text "")
      foreach(source ${sources})
        file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR}/src ${source})
        string(APPEND text "#include \"${path}\"\n")
      endforeach()
      set(file ${PROJECT_BINARY_DIR}/unity/${target}_${batch}.cpp)
      file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
      list(APPEND files ${file})
    endforeach()
  endif()
  set(${variable} ${files} PARENT_SCOPE)
endfunction()

if(WINNOW_TESTS)
  # Where the sources lie, known to one file alone, so that a compiler cache serves checkouts in other places.
  add_library(winnow_test_support STATIC ${PROJECT_SOURCE_DIR}/tests/support/source_directory.cpp)
  target_compile_definitions(winnow_test_support PRIVATE WINNOW_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(winnow_test_support PUBLIC winnow_options ZLIB::ZLIB)
  target_include_directories(winnow_test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
endif()

# winnow_folder(NAME [OPTIMIZE level] [SINGLY regex] [TESTS_SHARE_SETUP] [DEPS folder...] [LIBS target...])
# Makes the static library winnow_NAME of src/NAME/*.cpp, and its tests: NAME_test.cpp carries the ctest label "unit";
# NAME_golden_test.cpp, NAME_real_test.cpp (needs ../shared) and NAME_alloc_test.cpp (counts allocations, in a program
# of its own) carry theirs.
# OPTIMIZE is that of a release: 3 where numbers are computed, 1 where a command or a report is put together, which
# compiles in half the time; else 2.
# Source files whose names match SINGLY are compiled alone: those that Highway compiles for several instruction sets, and those that
# are part of libwinnow, too (cmake/library.cmake).
# With TESTS_SHARE_SETUP a test program is one test of ctest, NAME.unit, else each of its cases is one: for folders whose cases use
# a database server or a model that takes longer to start or to make than the case does.
function(winnow_folder name)
  cmake_parse_arguments(ARG "TESTS_SHARE_SETUP" "OPTIMIZE;SINGLY" "DEPS;LIBS" ${ARGN})
  if(NOT ARG_OPTIMIZE)
    set(ARG_OPTIMIZE 2)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  list(TRANSFORM ARG_DEPS PREPEND winnow_)
  set(alone "")
  if(ARG_SINGLY)
    set(alone ${sources})
    list(FILTER alone INCLUDE REGEX "/src/${name}/${ARG_SINGLY}\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "/src/${name}/${ARG_SINGLY}\\.cpp$")
  endif()
  winnow_unity(sources ${name} ${sources})
  add_library(winnow_${name} STATIC ${sources} ${alone})
  set_property(GLOBAL APPEND PROPERTY WINNOW_FOLDERS winnow_${name})
  target_link_libraries(winnow_${name} PUBLIC winnow_options ${ARG_DEPS} ${ARG_LIBS})
  target_compile_options(winnow_${name} PRIVATE $<$<CONFIG:Release>:-O${ARG_OPTIMIZE}>)
  winnow_use_precompiled_headers(winnow_${name} winnow_pch)
  if(NOT WINNOW_TESTS)
    return()
  endif()
  foreach(label golden real alloc unit)
    set(chosen ${tests})
    if(NOT label STREQUAL unit)
      list(FILTER chosen INCLUDE REGEX "_${label}_test\\.cpp$")
      list(FILTER tests EXCLUDE REGEX "_${label}_test\\.cpp$")
    endif()
    if(chosen)
      set(target ${name}_${label}_tests)
      winnow_unity(chosen ${target} ${chosen})
      add_executable(${target} ${chosen})
      target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
      target_link_libraries(${target} PRIVATE winnow_${name} winnow_test_support GTest::gtest GTest::gmock GTest::gtest_main)
      winnow_use_precompiled_headers(${target} winnow_test_pch)
      if(ARG_TESTS_SHARE_SETUP)
        add_test(NAME ${name}.${label} COMMAND ${target} --gtest_brief=1)
        set_tests_properties(${name}.${label} PROPERTIES LABELS ${label} TIMEOUT 1800)
      else()
        gtest_discover_tests(${target} TEST_PREFIX ${name}. PROPERTIES LABELS ${label} TIMEOUT 600 DISCOVERY_TIMEOUT 60)
      endif()
    endif()
  endforeach()
endfunction()
