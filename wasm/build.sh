#!/usr/bin/env bash
# Builds build/wasm/winnow.wasm, winnow-wordpiece.wasm without other kinds of tokenizers, and winnow-linear.wasm without
# tokenizers and encoders, with clang-19, and prints their sizes. `./dev wasm` installs what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/wasm
mkdir -p "$out/include"
# Headers of libraries that consist of headers, without the rest of /usr/include, which is another system's.
for library in fmt nlohmann hwy; do ln -sfn "/usr/include/$library" "$out/include/$library"; done
version=$(sed -n 's/^project(winnow VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
flags=(--target=wasm32-wasi -std=c++23 -stdlib=libc++ -msimd128 -fno-exceptions -fno-rtti -fno-threadsafe-statics -flto -DNDEBUG
  -fwhole-program-vtables -fvirtual-function-elimination -fvisibility=hidden
  -ffunction-sections -fdata-sections -Wall -Wextra -Werror
  -DFMT_HEADER_ONLY "-DFMT_STATIC_THOUSANDS_SEPARATOR=0" "-DWINNOW_VERSION=\"$version\"" -Iwasm/platform -Iwasm -Isrc -Iinclude -isystem "$out/include")
launcher=()
command -v ccache >/dev/null && launcher=(ccache)
rules=$out/build.ninja
{
  printf 'builddir = %s\nrule compile\n  command = %s $optimize -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n' \
    "$out" "${launcher[*]} clang++-19 ${flags[*]//\"/\\\"}"
  printf 'rule link\n  command = clang++-19 %s -mexec-model=reactor -Wl,--gc-sections -Wl,--strip-all %s $in -o $out\n' \
    "--target=wasm32-wasi -stdlib=libc++ -fno-exceptions -O3 -flto" "-Wl,-z,stack-size=262144"
  objects=()
  # Small, but for the loops that predictions spend their time in.
  object() {
    local optimize=-Oz
    [[ $1 == src/kernels/* ]] && optimize=-O3
    printf 'build %s/%s.o: compile %s\n  optimize = %s\n' "$out" "$1" "$1" "$optimize"
    objects+=("$out/$1.o")
  }
  while read -r file; do [[ $file == classify/load_scorer.cpp ]] || object "src/$file"; done <wasm/sources.txt
  for file in c_library error engine json_text classifier_engine bundle_files memory_files pattern warnings; do object "wasm/$file.cpp"; done
  shared=("${objects[@]}")
  object wasm/tokenizer_engine.cpp
  object src/classify/load_scorer.cpp
  printf 'build %s/winnow.wasm: link %s\n' "$out" "${objects[*]}"
  # What no function of a module needs is dropped from it.
  wordpiece=()
  for each in "${objects[@]}"; do
    [[ $each =~ /tokenize/(unigram_files|byte_level_files)\.cpp ]] || wordpiece+=("$each")
  done
  objects=("${wordpiece[@]}")
  object wasm/wordpiece_only.cpp
  printf 'build %s/winnow-wordpiece.wasm: link %s\n' "$out" "${objects[*]}"
  objects=("${shared[@]}")
  object wasm/linear_scorer_only.cpp
  printf 'build %s/winnow-linear.wasm: link %s\n' "$out" "${objects[*]}"
  objects=()
  for file in kernels/{packed_matmul,packed_weights,product_memory,pair_weights}.cpp; do objects+=("$out/src/$file.o"); done
  objects+=("$out"/wasm/{c_library,error}.cpp.o)
  object wasm/check_products.cpp
  printf 'build %s/check-products.wasm: link %s\n' "$out" "${objects[*]}"
} >"$rules"
modules=("$out"/winnow{,-wordpiece,-linear}.wasm)
ninja -f "$rules" -j "$(nproc)" "${modules[@]}" "$out/check-products.wasm" >&2
for module in "${modules[@]}"; do
  printf '%s: %d bytes, %d bytes with gzip -9\n' "$module" "$(stat -c %s "$module")" "$(gzip -9 -c "$module" | wc -c)"
done
