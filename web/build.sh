#!/usr/bin/env bash
# Builds the page into build/web/dist, unless nothing has changed since the last build; prints the gzipped sizes.
# web/build.sh --is-current builds nothing, and fails if the page is missing or older than its sources.
set -euo pipefail
cd "$(dirname "$0")"

dist=../build/web/dist
stamp=../build/web/sources.sha256
lock_stamp=node_modules/.winnow-lock.sha256

# Several tests may build it at once: the first one does, the others wait and find it there.
mkdir -p ../build/web
exec 9>../build/web/lock
flock 9

sources=$(find index.html package.json package-lock.json tsconfig.json vite.config.ts src -type f ! -name '*.test.ts' -print0 |
  LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
if [[ -f $dist/index.html && -f $stamp && $(<"$stamp") == "$sources" ]]; then
  [[ ${1:-} == --is-current ]] || echo "the page is up to date" >&2
  exit 0
fi
[[ ${1:-} != --is-current ]] || exit 1
command -v node >/dev/null || { echo "web/build.sh: node is missing (Debian: nodejs, npm)" >&2; exit 77; }

# install: what package-lock.json names, if another was installed.
install() {
  local lock
  lock=$(sha256sum package-lock.json)
  [[ -f $lock_stamp && $(<"$lock_stamp") == "$lock" ]] && return 0
  command -v npm >/dev/null || { echo "web/build.sh: npm is missing (Debian: npm)" >&2; return 77; }
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  printf '%s\n' "$lock" >"$lock_stamp"
}

install
# A build that fails leaves the former page.
node node_modules/vite/bin/vite.js build --outDir ../build/web/dist.new --logLevel warn >&2
rm -rf "$dist"
mv ../build/web/dist.new "$dist"
printf '%s\n' "$sources" >"$stamp"

total=0
for file in "$dist"/assets/*.js "$dist"/assets/*.css; do
  size=$(gzip -9 -c "$file" | wc -c)
  printf '%8d  %s\n' "$size" "${file##*/}"
  case ${file##*/} in charts-*) ;; *.js) total=$((total + size)) ;; esac
done
printf '%8d  JavaScript in all, gzipped, without charts\n' "$total"
