# The tests that do not lie beside the source that they test: style, whole programs, packages, pages, deployments. Those of a
# folder are made by cmake/folder.cmake.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
# The interpreter itself, where what was found starts it: the scripts of pyenv take longer than many a test.
execute_process(COMMAND ${Python3_EXECUTABLE} -c "import sys; print(sys.executable)" OUTPUT_VARIABLE python OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
set_target_properties(Python3::Interpreter PROPERTIES IMPORTED_LOCATION ${python})

# winnow_script_test(NAME SCRIPT [argument...] [LABELS label...] [TIMEOUT seconds] [LOCK resource...])
# A test that runs a Python script of the project. A script that cannot run on this machine exits with 77, which skips the test.
# Tests with a LOCK in common never run at the same time.
function(winnow_script_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "TIMEOUT" "LABELS;LOCK")
  add_test(NAME ${name} COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/${script} ${ARG_UNPARSED_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77)
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
  if(ARG_LOCK)
    set_tests_properties(${name} PROPERTIES RESOURCE_LOCK "${ARG_LOCK}")
  endif()
endfunction()

set(program $<TARGET_FILE:winnow>)
set(build ${PROJECT_BINARY_DIR})

# Style: what the code, its texts and what is compiled of it must look like, and that each check finds what it looks for.
winnow_script_test(style.IncludesFollowTheArchitecture tests/include_check.py LABELS style)
winnow_script_test(style.IncludeCheckFindsViolations tests/include_check.py --self-test LABELS style)
winnow_script_test(style.TypesAreDefinedOnce tests/type_check.py LABELS style)
winnow_script_test(style.TypeCheckFindsDuplicates tests/type_check.py --self-test LABELS style)
winnow_script_test(style.NamesOfCompiledFilesAreUnique tests/name_check.py ${build} LABELS style)
winnow_script_test(style.NameCheckFindsDuplicates tests/name_check.py --self-test LABELS style)
winnow_script_test(style.SymbolsAreDefinedOnce tests/symbol_check.py ${build} LABELS style)
winnow_script_test(style.SymbolCheckFindsDuplicates tests/symbol_check.py --self-test LABELS style)
winnow_script_test(style.InstructionsFollowTheCpu tests/instruction_check.py ${build} LABELS style)
winnow_script_test(style.InstructionCheckFindsViolations tests/instruction_check.py --self-test LABELS style)
winnow_script_test(style.TextsFollowTheGlossary tools/texts.py ${program} --check LABELS style)
winnow_script_test(style.TextCheckFindsViolations tools/texts.py --self-test LABELS style)
add_test(NAME style.FilesAreFormatted COMMAND ${PROJECT_SOURCE_DIR}/dev format --check)
set_tests_properties(style.FilesAreFormatted PROPERTIES LABELS style SKIP_RETURN_CODE 77)
if(WINNOW_HARDENING AND NOT WINNOW_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "Release")
  winnow_script_test(style.ProgramsAreHardened tools/check_hardening.py --archives ${build} --source ${PROJECT_SOURCE_DIR} ${program}
                     $<TARGET_FILE:winnow_library> LABELS style)
  winnow_script_test(style.HardeningCheckFindsFaults tools/check_hardening.py --self-test LABELS style)
endif()

# All tests of the kernels once more on each instruction set that they are dispatched to and that this CPU has.
foreach(isa portable avx2 avx2_vnni avx512 avx512_vnni amx)
  add_test(NAME kernels.OnIsa.${isa} COMMAND kernels_unit_tests --gtest_brief=1)
  set_tests_properties(kernels.OnIsa.${isa} PROPERTIES LABELS isa ENVIRONMENT WINNOW_ISA=${isa} SKIP_RETURN_CODE 77)
endforeach()

# The program as people run it.
add_test(NAME cli.WinnowRuns COMMAND winnow --version)
set_tests_properties(cli.WinnowRuns PROPERTIES LABELS unit PASS_REGULAR_EXPRESSION "^winnow ${PROJECT_VERSION}\n$")
foreach(topic
    lifecycle mail rspamd feedback drift forget forget_server forget_workspace retrain retrain_kills integrity synthetic bad_input resume quantize export library compare data data_import presets distil languages
    zero_shot few long_text report doctor explain disguises calibrate linear_onnx linear scope unknown_labels usage
    serve openai keys rules filter filter_admin filter_postgres power_cuts hostile_messages milter dovecot apple classify_input serve_restart bad_clients hostile_clients classify_server serve_models serve_protocols serve_requests
    serve_transport serve_caches special_files soak wasm registry experiments jobs memory page_routes finetune_routes review workspace_data install backup)
  winnow_script_test(end_to_end.${topic} tests/end_to_end/test_${topic}.py ${program} LABELS slow TIMEOUT 900)
endforeach()
winnow_script_test(library.c_abi tests/end_to_end/test_c_abi.py ${program} LABELS slow TIMEOUT 900)
# Stores and bundles of former programs.
foreach(subject stores bundles)
  winnow_script_test(compatibility.${subject} tests/compatibility/test_${subject}.py ${program} LABELS slow TIMEOUT 600)
endforeach()
# The message filter with the servers that people run it with, and with SQLite alone.
winnow_script_test(scenario.filter tests/scenarios/filter/run.py ${program} LABELS slow TIMEOUT 900)
winnow_script_test(scenario.filter_short tests/scenarios/filter/run.py ${program} --short LABELS slow TIMEOUT 900)
# The life of a model, on SQLite with a folder, and on PostgreSQL with S3 and Redis.
winnow_script_test(scenario.lifecycle tests/scenarios/lifecycle/run.py ${program} LABELS slow TIMEOUT 900)
winnow_script_test(scenario.lifecycle_full tests/scenarios/lifecycle/run.py ${program} --full --venv ${build}/artifacts-venv
                   LABELS slow TIMEOUT 900 LOCK artifacts-venv)
# Two servers under load while everything around them fails; WINNOW_TEST_SOAK_SECONDS is how long, 20 by default.
winnow_script_test(scenario.chaos tests/scenarios/chaos/run.py ${program} LABELS slow TIMEOUT 900)
winnow_script_test(scenario.chaos_sqlite tests/scenarios/chaos/run.py ${program} --store sqlite --part 0.6 LABELS slow TIMEOUT 900)

# The page: its logic, and its views in Chromium against a real server.
winnow_script_test(web.unit web/test.py LABELS slow browser TIMEOUT 600 LOCK web)
file(GLOB browser_tests CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests/browser ${PROJECT_SOURCE_DIR}/tests/browser/*.test.mjs)
foreach(file ${browser_tests})
  string(REPLACE ".test.mjs" "" name ${file})
  winnow_script_test(web.browser.${name} tests/browser/run.py ${program} ${name} LABELS slow browser TIMEOUT 900 LOCK web)
endforeach()

# Packages for other languages, whose own tests run against this build.
winnow_script_test(packages.python packages/python/tests/run.py ${program} --build ${build} --venv ${build}/python-venv
                   LABELS slow TIMEOUT 1800 LOCK python-package)
# The package for JavaScript, with what npm has, in a copy in the build folder.
winnow_script_test(packages.js packages/js/test/run.py ${program} LABELS slow TIMEOUT 1800 LOCK js-package)

# What is distributed: the Debian package, in a fresh Debian, and the units of systemd in it; the container image, the tarball, the
# sources, and the list of what the program consists of.
winnow_script_test(packaging.stranger tests/packaging/stranger.py ${build} LABELS slow TIMEOUT 600)
winnow_script_test(packaging.units tests/packaging/units.py ${program} LABELS slow TIMEOUT 900)
foreach(subject image tarball sdist sbom)
  winnow_script_test(packaging.${subject} tests/packaging/${subject}.py ${program} LABELS slow TIMEOUT 600)
endforeach()
winnow_script_test(packaging.reproducible tests/packaging/reproducible.py ${program} --cache first LABELS slow TIMEOUT 1800)
# What watches servers: rules of Prometheus, the dashboard of Grafana, with a real Prometheus.
winnow_script_test(deployments.monitoring tests/deployments/monitoring.py ${program} LABELS slow TIMEOUT 900)
# Other processors, by emulation: x86-64 with fewer instructions, and AArch64, which is cross-compiled in folders of its own.
add_executable(classify_probe EXCLUDE_FROM_ALL tests/portability/classify_probe.cpp)
target_link_libraries(classify_probe PRIVATE winnow_classify)
foreach(processor x86_cpus aarch64)  # longer with WINNOW_TEST_PORTABILITY=long
  winnow_script_test(portability.${processor} tests/portability/${processor}.py ${build} LABELS slow TIMEOUT 3600)
endforeach()

include(cmake/conformance_tests.cmake)
include(cmake/docs_tests.cmake)
include(cmake/test_costs.cmake)
