#!/usr/bin/env bash
# winnow serve beside FastAPI and onnxruntime, in one run: bench/serve.sh, or ./dev bench serve. Prints the table of docs/benchmarks.md.
#   BUNDLE=DIR         a transformer's bundle with float and INT8 weights; else one is trained on real SMS (three epochs of MiniLM)
#   WINNOW_BENCH_CACHE a directory that keeps what was made for the next run: the bundle, its ONNX files
#   PEERS_PYTHON       a Python with fastapi, uvicorn[standard], onnxruntime, tokenizers and onnx
#   REPEATS=3 SECONDS_EACH=8 PARTS=closed,overload,cached,large SERVE_OPTIONS= OVERLOAD_OPTIONS="--max-wait 100"   see bench/serve.py
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${WINNOW_SHARED:-../shared}
python=${PEERS_PYTHON:-python3}
winnow=${WINNOW:-build/release/winnow}
sms=$shared/data/sms_spam/SMSSpamCollection
minilm=$shared/models/all-MiniLM-L6-v2
skip() { printf 'skipped: %s\n' "$*"; exit 0; }
[[ -e $sms ]] || skip "$sms is not here (WINNOW_SHARED names its directory)"
for program in wrk taskset; do command -v "$program" >/dev/null || skip "$program is not installed (Debian: wrk, util-linux)"; done
"$python" -c 'import fastapi, uvicorn, uvloop, httptools, onnxruntime, onnx, tokenizers' 2>/dev/null ||
  skip "$python lacks the peers (PEERS_PYTHON names one that has fastapi, uvicorn[standard], onnxruntime, onnx, tokenizers)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=${WINNOW_BENCH_CACHE:-$work}
mkdir -p "$cache"
bundle=${BUNDLE:-}
if [[ -z $bundle ]]; then
  bundle=$cache/spam
  if [[ ! -e $bundle/model_int8.safetensors ]]; then
    [[ -e $minilm/model.safetensors ]] || skip "$minilm is not here (WINNOW_SHARED names its directory)"
    "$winnow" train "$sms" --base-model "$minilm" --quantize --output-dir "$bundle" --quiet --log-level error >/dev/null
  fi
fi
for file in model.safetensors model_int8.safetensors; do
  [[ -e $bundle/$file ]] || { printf 'bench: %s has no %s: both are needed, one for each server\n' "$bundle" "$file" >&2; exit 1; }
done

# The ONNX file belongs to these very weights.
onnx=$cache/onnx-$(sha256sum "$bundle/model.safetensors" | cut -c1-16)
if [[ ! -e $onnx/int8.onnx ]]; then
  "$winnow" export "$bundle" --output "$onnx" --overwrite --quiet >/dev/null
  "$python" - "$onnx" <<'PYTHON' 2>/dev/null
import os, sys
from onnxruntime.quantization import QuantType, quantize_dynamic
quantize_dynamic(sys.argv[1] + "/onnx/model.onnx", sys.argv[1] + "/new.onnx", weight_type=QuantType.QInt8, per_channel=True)
os.rename(sys.argv[1] + "/new.onnx", sys.argv[1] + "/int8.onnx")
PYTHON
fi

"$python" bench/serve.py --winnow "$winnow" --open-loop build/release/bench/open_loop --bundle "$bundle" --onnx "$onnx/int8.onnx" --data "$sms" \
  ${REPEATS:+--repeats "$REPEATS"} ${SECONDS_EACH:+--seconds "$SECONDS_EACH"} ${PARTS:+--parts "$PARTS"} \
  ${SERVE_OPTIONS:+--serve-options="$SERVE_OPTIONS"} --overload-options="${OVERLOAD_OPTIONS:---max-wait 100}"
