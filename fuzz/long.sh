#!/usr/bin/env bash
# The fuzzers with libFuzzer, which sees what an input reaches in the program, under the address and undefined-behaviour
# sanitizers (clang 19). Inputs that reach something new are kept outside the tree, in $WINNOW_TEST_FUZZ_DIR
# (~/.cache/winnow-fuzz), so that a later run goes on where an earlier one ended.
#
#   fuzz/long.sh N [FUZZER...]   until each of the fuzzers has executed N inputs, all runs together
#   fuzz/long.sh --table         prints what was reached so far
#   fuzz/long.sh --replay        runs the seeds of the tree and the inputs that were kept, each once
#
# WINNOW_TEST_FUZZ_JOBS: fuzzers that run at the same time (1). WINNOW_TEST_FUZZ_BUILD: the build folder (build/fuzz);
# empty: nothing is built, and the programs of the last run go on. Speeds are executions per second of CPU time, of all
# processes. Exit code: 1 if there are findings, which lie in $WINNOW_TEST_FUZZ_DIR/NAME/findings; make a seed of each
# (fuzz/seeds/NAME) once it is fixed.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=${WINNOW_TEST_FUZZ_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/winnow-fuzz}
build=${WINNOW_TEST_FUZZ_BUILD-build/fuzz}
slice=${WINNOW_TEST_FUZZ_SLICE:-200000}   # executions after which what was reached is written down
most_findings=20                     # of one fuzzer, in one run

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'long.sh: %s\n' "$*" >&2; exit 2; }

fuzzers() { sed -n 's/^winnow_fuzz(\([a-z0-9_]*\) .*/\1/p' fuzz/CMakeLists.txt; }

# build NAME...: the programs, copied so that a build meanwhile does not disturb a run.
build_programs() {
  [[ -n $build ]] || return 0
  command -v clang++-19 >/dev/null || die "needs the packages clang-19 libclang-rt-19-dev libomp-19-dev"
  if [[ ! -f $build/build.ninja ]]; then
    cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DWINNOW_FUZZ=ON -DWINNOW_TESTS=OFF -DWINNOW_BENCH=OFF \
      -DWINNOW_NODE=OFF -DWINNOW_SANITIZE=address,undefined,fuzzer-no-link -DCMAKE_BUILD_TYPE=RelWithDebInfo >&2
  fi
  ninja -C "$build" ${WINNOW_TEST_FUZZ_NINJA:-} "${@/%/_fuzz}" >&2
  local name
  for name in "$@"; do
    mkdir -p "$directory/$name/corpus" "$directory/$name/findings"
    cmp -s "$build/fuzz/${name}_fuzz" "$directory/$name/fuzzer" || cp "$build/fuzz/${name}_fuzz" "$directory/$name/fuzzer"
  done
}

number() { if [[ -s $1 ]]; then cat "$1"; else echo 0; fi; }

# run_slice NAME COUNT: at most COUNT executions more. Returns 1 where an input was found.
run_slice() {
  local name=$1 count=$2 place=$directory/$1 code=0
  local log=$place/last.log seeds=()
  [[ ! -d fuzz/seeds/$name ]] || seeds=("$PWD/fuzz/seeds/$name")
  local TIMEFORMAT='%U %S'
  { time { (cd "$place" && ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 nice -n 19 ./fuzzer corpus "${seeds[@]}" \
    -runs="$count" -max_len=4096 -timeout=60 -rss_limit_mb=3000 -malloc_limit_mb=1024 -reload=0 -print_final_stats=1 -close_fd_mask=3 \
    -artifact_prefix=findings/) >"$log" 2>&1; }; } 2>"$place/time" || code=$?
  local done_now
  done_now=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  # A program that crashed prints no numbers: the last line about its progress has them.
  [[ -n $done_now ]] || done_now=$(grep -oE '^#[0-9]+' "$log" | tail -1 | tr -d '#' || true)
  echo $(($(number "$place/executions") + ${done_now:-0})) >"$place/executions"
  awk -v before="$(number "$place/seconds")" '{ printf "%.2f\n", before + $1 + $2 }' "$place/time" >"$place/seconds.new"
  mv "$place/seconds.new" "$place/seconds"
  grep -oE 'cov: [0-9]+' "$log" | tail -1 | tr -dc 0-9 >"$place/coverage" || true
  return "$code"
}

# fuzz NAME N
fuzz() {
  local name=$1 goal=$2 findings=0 done_so_far
  while done_so_far=$(number "$directory/$name/executions"); ((done_so_far < goal)); do
    local left=$((goal - done_so_far))
    if ! run_slice "$name" $((left < slice ? left : slice)); then
      ((++findings < most_findings)) || { say "$name: $findings findings in this run; it goes no further"; return; }
      [[ -n $(ls -A "$directory/$name/findings") ]] || { say "$name: does not run; see $directory/$name/last.log"; return; }
    fi
  done
}

table() {
  local name all=0
  printf '%-18s %14s %10s %9s %7s %9s\n' fuzzer executions per_second coverage inputs findings
  for name in "$@"; do
    local place=$directory/$name rate
    [[ -d $place ]] || continue
    rate=$(awk -v seconds="$(number "$place/seconds")" -v runs="$(number "$place/executions")" \
      'BEGIN { printf "%d", (seconds > 0 ? runs / seconds : 0) }')
    local found
    found=$(find "$place/findings" -type f | wc -l)
    all=$((all + found))
    printf '%-18s %14d %10d %9d %7d %9d\n' "$name" "$(number "$place/executions")" \
      "$rate" "$(number "$place/coverage")" \
      "$(find "$place/corpus" -type f | wc -l)" "$found"
  done
  ((all == 0))
}

replay() {
  local name code=0
  for name in "$@"; do
    local inputs=("$directory/$name/corpus")
    [[ ! -d fuzz/seeds/$name ]] || inputs+=("fuzz/seeds/$name")
    if "$directory/$name/fuzzer" -runs=0 -timeout=20 -rss_limit_mb=3000 "${inputs[@]}" >"$directory/$name/replay.log" 2>&1; then
      say "$name: no finding"
    else
      say "$name: a finding; see $directory/$name/replay.log"
      code=1
    fi
  done
  return "$code"
}

goal=${1:-}
shift || true
names=("$@")
((${#names[@]})) || mapfile -t names < <(fuzzers)
case $goal in
  --table) table "${names[@]}" ;;
  --replay) build_programs "${names[@]}"; replay "${names[@]}" ;;
  '' | *[!0-9]*) sed -n 's/^# \{0,1\}//p' "$0" | sed 1d >&2; exit 2 ;;
  *)
    build_programs "${names[@]}"
    export -f fuzz run_slice number say
    export directory slice most_findings
    printf '%s\n' "${names[@]}" | xargs -P "${WINNOW_TEST_FUZZ_JOBS:-1}" -I{} bash -c 'set -uo pipefail; fuzz {} '"$goal"
    table "${names[@]}"
    ;;
esac
