#!/usr/bin/env bash
# Tests under sanitizers, for ./dev sanitize:
#
#   tools/sanitize.sh [address] [thread]    both, or one of them; from an empty compiler cache an hour each on 2 cores
#   tools/sanitize.sh --short               the fuzzers, which drive every parser of foreign bytes, with the address and
#                                           undefined-behavior sanitizers for $WINNOW_TEST_FUZZ_SECONDS (2) each; unit tests
#                                           of the stores with the thread sanitizer
#
# A finding fails the test that it is in, or, in a process that a test starts and ends by a signal, is found in the folder of
# reports; either fails this script.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'sanitize: %s\n' "$*" >&2; exit 1; }

# What the thread sanitizer looks at: everything that several threads work on.
thread_folders='base|kernels|classify|train|store|feedback|filter|drift|registry|experiment|jobs|review|workspace|milter|server'
thread_suites='serve|serve_requests|serve_models|serve_protocols|serve_restart|bad_clients|keys|jobs|page_routes|finetune_routes|review|workspace_data|registry|experiments|feedback|filter|backup'
short_thread_folders='store'
# End-to-end suites under the address sanitizer. Those are left out that limit the memory of the program, of which this sanitizer
# reserves terabytes; that load a library into it (power_cuts); and that build or install something else than the program.
address_suites="$thread_suites|lifecycle|mail|rules|bad_input|data|data_import|resume|quantize|export|report|doctor|explain|calibrate|scope|linear|linear_onnx|few|zero_shot|distil|drift|forget|forget_server|retrain|retrain_kills|integrity|synthetic|long_text|classify_input|classify_server|openai|hostile_messages|serve_transport|serve_caches|rspamd"

# programs PRESET LABELS FOLDERS: test programs of those labels and folders that the build has.
programs() { ninja -C "build/$1" -t targets all | grep -oE "^($3)_($2)_tests:" | tr -d :; }

# configure PRESET
configure() { [[ -f build/$1/build.ninja ]] || cmake --preset "$1" >/dev/null; }

# build PRESET TARGET...
build() { say "building build/$1"; ninja -C "build/$1" -j "${WINNOW_TEST_JOBS:-$(nproc)}" "${@:2}" >&2; }

# run_tests PRESET CTEST...: runs tests, and looks for reports.
run_tests() {
  local reports=build/$1/reports
  rm -rf "$reports"
  mkdir -p "$reports"
  local code=0
  ctest --preset "$1" -j "${WINNOW_TEST_JOBS:-2}" --no-tests=error "${@:2}" </dev/null || code=$?
  local report
  for report in "$reports"/*; do
    [[ -e $report ]] || continue
    printf '%s:\n' "$report" >&2
    head -n 40 "$report" >&2
    code=1
  done
  ((code == 0)) || die "the $1 build has failing tests or findings, above; all reports are in $reports"
}

address() {
  local targets
  configure asan
  targets=$(programs asan 'unit|golden|alloc' '[a-z]+')
  # shellcheck disable=SC2086
  build asan winnow fuzz_driver $targets
  say "unit tests and fuzzers with the address and undefined-behavior sanitizers"
  run_tests asan -L '^(unit|golden|alloc|fuzz)$'
  say "end-to-end tests with the address and undefined-behavior sanitizers"
  run_tests asan -R "^end_to_end\.($address_suites)\$"
}

# thread_unit FOLDERS [TARGET...]: unit tests of these folders; builds the targets, too.
thread_unit() {
  local targets
  configure tsan
  targets=$(programs tsan unit "$1")
  # shellcheck disable=SC2086
  build tsan $targets "${@:2}"
  say "unit tests with the thread sanitizer"
  run_tests tsan -R "^($1)\." -L '^unit$'
}

thread() {
  thread_unit "$thread_folders" winnow
  say "end-to-end tests with the thread sanitizer"
  run_tests tsan -R "^end_to_end\.($thread_suites)\$"
}

short() {
  configure asan
  build asan fuzz_driver
  say "fuzzers with the address and undefined-behavior sanitizers"
  export WINNOW_TEST_FUZZ_SECONDS=${WINNOW_TEST_FUZZ_SECONDS:-2}
  run_tests asan -L '^fuzz$'
  thread_unit "$short_thread_folders"
}

case ${1:-} in
  --short) short ;;
  '') address; thread ;;
  *) for sanitizer in "$@"; do
       case $sanitizer in
         address | thread) "$sanitizer" ;;
         *) die "no sanitizer '$sanitizer'; there are address and thread" ;;
       esac
     done ;;
esac
say "no findings"
