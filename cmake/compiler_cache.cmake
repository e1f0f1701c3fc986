# Compilation through ccache, if it is installed.
get_filename_component(WINNOW_SOURCES ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
find_program(WINNOW_CCACHE ccache)
if(WINNOW_TIMINGS)  # ./dev build --timings
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env WINNOW_TIMINGS=${WINNOW_TIMINGS}
      ${WINNOW_SOURCES}/tools/build/timed_compile.sh)
elseif(WINNOW_CCACHE)
  # What ccache has to be told so that it keeps objects compiled with precompiled headers (see its manual), and serves
  # checkouts in other places. CCACHE_DEPEND: the compiler's own list of headers in place of a run of the preprocessor, which
  # takes a ninth of the time of a build with an empty cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime
      CCACHE_BASEDIR=${WINNOW_SOURCES} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${WINNOW_CCACHE})
endif()
