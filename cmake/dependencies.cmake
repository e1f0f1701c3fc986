# Third-party libraries, under the names that the folders use.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(EXPAT REQUIRED)
find_package(ZLIB REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
# Not find_package(dnnl): Debian's asks for OpenCL's headers, which we have no use for.
find_path(WINNOW_DNNL_INCLUDE dnnl.h REQUIRED)
find_library(WINNOW_DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${WINNOW_DNNL_LIBRARY}
                                            INTERFACE_INCLUDE_DIRECTORIES ${WINNOW_DNNL_INCLUDE})
find_package(OpenMP REQUIRED)
# oneDNN has the OpenMP of g++, also where clang compiles.
if(NOT OpenMP_gomp_LIBRARY)
  find_library(OpenMP_gomp_LIBRARY NAMES gomp libgomp.so.1 REQUIRED)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
add_library(hwy::hwy ALIAS PkgConfig::hwy)
# By pkg-config: Debian's CMake files of libzip ask for its command line tools too.
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
add_library(libzip::libzip ALIAS PkgConfig::libzip)
pkg_check_modules(gmime REQUIRED IMPORTED_TARGET gmime-3.0)
# Without its -D_LARGEFILE64_SOURCE, with which the precompiled headers would not be used.
set_target_properties(PkgConfig::gmime PROPERTIES INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(gumbo REQUIRED IMPORTED_TARGET gumbo)
# Not by pkg-config, whose -pthread does not fit our precompiled headers.
find_path(WINNOW_RE2_INCLUDE re2/re2.h REQUIRED)
find_library(WINNOW_RE2_LIBRARY re2 REQUIRED)
add_library(re2::re2 UNKNOWN IMPORTED)
set_target_properties(re2::re2 PROPERTIES IMPORTED_LOCATION ${WINNOW_RE2_LIBRARY}
                                          INTERFACE_INCLUDE_DIRECTORIES ${WINNOW_RE2_INCLUDE})
# Its core alone: its CMake files ask for what the rest of it needs too.
find_path(WINNOW_PROMETHEUS_INCLUDE prometheus/registry.h REQUIRED)
find_library(WINNOW_PROMETHEUS_LIBRARY prometheus-cpp-core REQUIRED)
add_library(prometheus::core UNKNOWN IMPORTED)
set_target_properties(prometheus::core PROPERTIES IMPORTED_LOCATION ${WINNOW_PROMETHEUS_LIBRARY}
                                                  INTERFACE_INCLUDE_DIRECTORIES ${WINNOW_PROMETHEUS_INCLUDE})
find_path(WINNOW_MILTER_INCLUDE libmilter/mfapi.h REQUIRED)
find_library(WINNOW_MILTER_LIBRARY milter REQUIRED)
add_library(milter::milter UNKNOWN IMPORTED)
set_target_properties(milter::milter PROPERTIES IMPORTED_LOCATION ${WINNOW_MILTER_LIBRARY}
                                                INTERFACE_INCLUDE_DIRECTORIES ${WINNOW_MILTER_INCLUDE})
find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED)
if(WINNOW_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(WINNOW_BENCH)
  find_package(benchmark REQUIRED)
endif()
