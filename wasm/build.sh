#!/usr/bin/env bash
# Builds build/wasm/winnow.wasm, and winnow-linear.wasm without tokenizers, with clang-19, and prints their sizes.
# `./dev wasm` installs what it needs.
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
  for file in engine json_text linear_engine memory_files pattern warnings tokenizer_engine; do
    printf 'build %s/%s.o: compile wasm/%s.cpp\n' "$out" "$file" "$file"
    objects+=("$out/$file.o")
  done
  printf 'build %s/winnow.wasm: link %s\n' "$out" "${objects[*]}"
  # The last object has the functions for tokenizers; what only they need is dropped with it.
  printf 'build %s/winnow-linear.wasm: link %s\n' "$out" "${objects[*]::${#objects[@]}-1}"
} >"$rules"
ninja -f "$rules" -j "$(nproc)" "$out/winnow.wasm" "$out/winnow-linear.wasm" >&2
for module in "$out/winnow.wasm" "$out/winnow-linear.wasm"; do
  printf '%s: %d bytes, %d bytes with gzip -9\n' "$module" "$(stat -c %s "$module")" "$(gzip -9 -c "$module" | wc -c)"
done
