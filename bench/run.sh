#!/usr/bin/env bash
# Winnow beside its peers, each pair in one run: ./dev bench [WHAT...] with WHAT of tokenize, train, threads, start, accuracy
# (default: all but accuracy, which trains nine minutes' worth of models). The real data and weights are looked for in
# WINNOW_SHARED, or ../shared; the peers (torch, transformers, tokenizers, accelerate from PyPI) in PEERS_PYTHON's packages.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${WINNOW_SHARED:-../shared}
python=${PEERS_PYTHON:-python3}
winnow=build/release/winnow
sms=$shared/data/sms_spam/SMSSpamCollection
minilm=$shared/models/all-MiniLM-L6-v2
for needed in "$sms" "$minilm/model.safetensors"; do
  [[ -e $needed ]] || { printf 'skipped: %s is not here (WINNOW_SHARED names its directory)\n' "$needed"; exit 0; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# figure FILE EXPRESSION: a figure of a training_info.json.
figure() { python3 -c 'import json, sys; i = json.load(open(sys.argv[1])); print(eval(sys.argv[2], {"i": i}))' "$1" "$2"; }
train() { "$winnow" train "$sms" --base-model "$minilm" --output-dir "$work/model" --json --quiet --log-level error "$@" >"$work/info.json"; }

tokenize() { "$python" bench/peers/tokenize.py --texts "$sms" --tokenizer "$minilm"; }

training() { "$python" bench/peers/train.py --data "$sms" --model "$minilm" ${STEPS:+--steps "$STEPS"}; }

# One epoch with one thread and with two, twice each, taking turns; the better of each.
threads() {
  local rates=([1]=0 [2]=0) n rate
  for n in 1 2 1 2; do
    train --epochs 1 --threads "$n"
    rate=$(figure "$work/info.json" 'int(i["tokens_per_second"])')
    ((rate <= ${rates[n]})) || rates[n]=$rate
  done
  figure "$work/info.json" 'i["hardware"]["cpu"] + ", " + i["hardware"]["extensions"]'
  printf '1 thread   %6d tokens/s\n2 threads  %6d tokens/s\nratio      %6.2f\n' "${rates[1]}" "${rates[2]}" \
    "$(python3 -c "print(${rates[2]} / ${rates[1]})")"
}

# From the shell to an answer, process start included: the median of 20.
start() {
  train --epochs 1
  python3 - "$winnow" "$work/model" <<'PYTHON'
import statistics, subprocess, sys, time
times = []
for _ in range(21):
    begin = time.perf_counter()
    subprocess.run([sys.argv[1], "classify", sys.argv[2], "Free entry in a weekly draw, text WIN"], check=True, capture_output=True)
    times.append(time.perf_counter() - begin)
print(f"winnow classify of one text with MiniLM, process start included: median {statistics.median(times[1:]) * 1e3:.0f} ms")
PYTHON
}

accuracy() {
  local seed
  for seed in 1 2 3; do
    train --seed "$seed"
    cp "$work/info.json" "$work/$seed.json"
  done
  python3 - "$work"/[123].json <<'PYTHON'
import json, sys
infos = [json.load(open(path)) for path in sys.argv[1:]]
for info in infos:
    print("seed {}: accuracy {:.4f}  macro-F1 {:.4f}  FPR {:.4f}  {:.0f} tokens/s  {:.0f} s".format(
        info["hyperparameters"]["seed"], info["metrics"]["accuracy"], info["metrics"]["f1_macro"], info["metrics"]["fpr"],
        info["tokens_per_second"], info["training_time_seconds"]))
for key in ("accuracy", "f1_macro", "fpr"):
    print("mean {}: {:.4f}".format(key, sum(info["metrics"][key] for info in infos) / len(infos)))
PYTHON
}

(($#)) || set -- tokenize train threads start
for what in "$@"; do
  printf '== %s\n' "$what"
  case $what in
    tokenize) tokenize ;;
    train) training ;;
    threads) threads ;;
    start) start ;;
    accuracy) accuracy ;;
    *) printf 'bench: no benchmark "%s"\n' "$what" >&2; exit 2 ;;
  esac
done
