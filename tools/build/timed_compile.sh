#!/usr/bin/env bash
# A compiler launcher that notes the CPU seconds of each compilation: ./dev build --timings.
# Appends "SECONDS OUTPUT" lines to the file that WINNOW_TIMINGS names.
set -uo pipefail
TIMEFORMAT='%U %S'
output=-
for ((i = 1; i < $#; ++i)); do
  next=$((i + 1))
  [[ ${!i} != -o ]] || output=${!next}
done
exec 3>&2
times=$({ time "$@" 2>&3; } 2>&1 >&3)
code=$?
read -r user system <<<"$times"
printf '%s %s %s\n' "$user" "$system" "$output" >>"$WINNOW_TIMINGS"
exit "$code"
