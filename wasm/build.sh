#!/usr/bin/env bash
# Builds build/wasm/winnow.wasm with clang-19, and prints its size; `./dev wasm` installs what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/wasm
mkdir -p "$out/include"
# Headers of libraries that consist of headers, without the rest of /usr/include, which is another system's.
for library in fmt nlohmann hwy; do ln -sfn "/usr/include/$library" "$out/include/$library"; done
version=$(sed -n 's/^project(winnow VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
flags=(--target=wasm32-wasi -std=c++23 -stdlib=libc++ -msimd128 -fno-exceptions -fno-rtti -Oz -flto -DNDEBUG
  -ffunction-sections -fdata-sections -Wall -Wextra -Werror
  -DFMT_HEADER_ONLY "-DFMT_STATIC_THOUSANDS_SEPARATOR=0" "-DWINNOW_VERSION=\"$version\"" -Iwasm/platform -Iwasm -Isrc -Iinclude -isystem "$out/include")
launcher=()
command -v ccache >/dev/null && launcher=(ccache)
rules=$out/build.ninja
{
  printf 'builddir = %s\nrule compile\n  command = %s -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n' \
    "$out" "${launcher[*]} clang++-19 ${flags[*]//\"/\\\"}"
  printf 'rule link\n  command = clang++-19 %s -mexec-model=reactor -Wl,--gc-sections -Wl,--strip-all %s $in -o $out\n' \
    "--target=wasm32-wasi -stdlib=libc++ -fno-exceptions -Oz -flto" "-Wl,-z,stack-size=262144"
  objects=()
  while read -r file; do
    printf 'build %s/%s.o: compile src/%s\n' "$out" "$file" "$file"
    objects+=("$out/$file.o")
  done <wasm/sources.txt
  for file in engine json_text memory_files pattern warnings; do
    printf 'build %s/%s.o: compile wasm/%s.cpp\n' "$out" "$file" "$file"
    objects+=("$out/$file.o")
  done
  printf 'build %s/winnow.wasm: link %s\n' "$out" "${objects[*]}"
} >"$rules"
ninja -f "$rules" -j "$(nproc)" "$out/winnow.wasm" >&2
printf '%s: %d bytes, %d bytes with gzip -9\n' "$out/winnow.wasm" "$(stat -c %s "$out/winnow.wasm")" \
  "$(gzip -9 -c "$out/winnow.wasm" | wc -c)"
