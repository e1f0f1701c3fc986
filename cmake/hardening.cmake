# Protections of the release build, those of Debian's own packages with hardening=+all (dpkg-buildflags(1)) and CET:
# a fault in a reader of foreign bytes should end the program rather than hand it over. tools/check_hardening.py reads the
# built programs and tells whether they have them; docs/benchmarks.md says what they cost (bench/compare_builds.py).
# Sanitizers find the same faults better, and _FORTIFY_SOURCE hides some from them.
option(WINNOW_HARDENING "Protect the program against faults of memory" ON)
if(WINNOW_HARDENING AND NOT WINNOW_SANITIZE)
  target_compile_options(winnow_options INTERFACE -fstack-protector-strong -fstack-clash-protection
    $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3;-D_GLIBCXX_ASSERTIONS>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(winnow_options INTERFACE -fcf-protection=full)  # endbr64 and shadow stacks, where CPUs have them
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(winnow_options INTERFACE -mbranch-protection=standard)
  endif()
  if(NOT APPLE)
    target_link_options(winnow_options INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
  endif()
endif()

# Executables are position-independent, as libraries are.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

# No path of the machine that built it gets into a program, and builds in two folders are equal.
target_compile_options(winnow_options INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
