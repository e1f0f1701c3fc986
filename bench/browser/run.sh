#!/usr/bin/env bash
# bench/browser/run.sh BUNDLE [CALLS]: times the WebAssembly engine beside onnxruntime-web, in Node and in Chromium, on one
# text of 28 tokens. BUNDLE has model_int8.safetensors; onnxruntime-web gets the export of the same weights. Needs the
# module of `./dev wasm`, Node, npm, Chromium, and the program in build/release (or $WINNOW).
set -euo pipefail
cd "$(dirname "$0")/../.."
bundle=$(realpath "$1")
calls=${2:-200}
winnow=${WINNOW:-build/release/winnow}
work=$PWD/build/browser-bench
mkdir -p "$work"
(cd "$work" && { [[ -d node_modules/onnxruntime-web ]] || npm install --silent --no-save --ignore-scripts onnxruntime-web; })
[[ -f $bundle/onnx/model_quantized.onnx ]] || "$winnow" export "$bundle" --format onnx-int8 >/dev/null
text='Congratulations! You have been selected to receive a free prize worth a thousand dollars. Call now to claim your reward before midnight today,'
"$winnow" tokenize "$bundle" "$text" >"$work/tokens.json"
BUNDLE=$bundle TEXT=$text CALLS=$calls node --input-type=module >"$work/plan.json" <<'EOF'
import {existsSync, readFileSync} from 'node:fs';
const {BUNDLE: bundle, TEXT: text, CALLS: calls} = process.env;
const root = process.cwd();
const names = ['winnow.json', 'config.json', 'labels.json', 'model_int8.safetensors', 'tokenizer.json',
               'tokenizer_config.json', 'special_tokens_map.json'];
const {ids} = JSON.parse(readFileSync('build/browser-bench/tokens.json', 'utf8'));
console.log(JSON.stringify({
  engine: `${root}/wasm/winnow.mjs`, wasm: `${root}/build/wasm/winnow.wasm`, bundle,
  files: names.filter(name => existsSync(`${bundle}/${name}`)), onnx: `${bundle}/onnx/model_quantized.onnx`,
  ort: `${root}/build/browser-bench/node_modules/onnxruntime-web/dist`, text, ids, calls: Number(calls)}));
EOF
sed -n 's/^model name.*: /CPU: /p' /proc/cpuinfo | head -n 1
printf 'load: %s; onnxruntime-web %s\n' "$(cut -d' ' -f1 /proc/loadavg)" \
  "$(node -p "require('$work/node_modules/onnxruntime-web/package.json').version")"
node bench/browser/node.mjs "$work/plan.json"
command -v chromium >/dev/null || { printf 'no chromium: not measured in a browser\n'; exit 0; }
node bench/browser/chromium.mjs "$work/plan.json"
