#!/usr/bin/env bash
# Winnow beside its peers, each pair in one run: ./dev bench [WHAT...] with WHAT of tokenize, train, threads, start, infer,
# share, full_size, train_best, train_distilbert, profile, accuracy, int8_accuracy, recipes, bf16, hate, toxicity, mail, doctor, modern, linear, defaults, rspamd, serve
# (default: all but the last thirteen, which take minutes). The real data and weights are looked for in WINNOW_SHARED, or ../shared; the peers (torch,
# transformers, tokenizers, accelerate, onnxruntime, onnx, openvino, ctranslate2 from PyPI) in PEERS_PYTHON's packages.
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

# transformers at its best on this CPU: bf16, and batches of texts of one length. One epoch, since its first batches are long ones.
training_best() { "$python" bench/peers/train.py --data "$sms" --model "$minilm" --epochs 1 --group-by-length --bf16; }

training_distilbert() {
  random_distilbert
  "$python" bench/peers/train.py --data "$sms" --model "$work/distilbert" --epochs 1 --steps "${STEPS:-30}"
}

# bf16 products beside f32's, whether this CPU gains from them or not: one epoch, five seeds.
bf16() {
  local seed precision
  for seed in 1 2 3 4 5; do
    for precision in f32 bf16; do
      train --epochs 1 --seed $seed --precision $precision
      cp "$work/info.json" "$work/${precision}_$seed.json"
    done
  done
  python3 - "$work" <<'PYTHON'
import json, statistics, sys
of = {p: [json.load(open(f"{sys.argv[1]}/{p}_{seed}.json")) for seed in range(1, 6)] for p in ("f32", "bf16")}
for precision, infos in of.items():
    accuracies = [info["metrics"]["accuracy"] for info in infos]
    print("{}: accuracy {:.4f} (standard deviation {:.4f}), train loss {}, {:.0f} tokens/s".format(
        precision, statistics.mean(accuracies), statistics.stdev(accuracies), " ".join(f"{info['history'][0]['train_loss']:.4f}" for info in infos),
        statistics.median(info["tokens_per_second"] for info in infos)))
print("largest difference of a train loss: {:.2%}".format(max(abs(b["history"][0]["train_loss"] / a["history"][0]["train_loss"] - 1) for a, b in zip(of["f32"], of["bf16"]))))
PYTHON
}

# Where a training's time goes.
profile() {
  "$winnow" train "$sms" --base-model "$minilm" --output-dir "$work/model" --epochs 1 --profile 2>&1 >/dev/null | grep -A8 '^phase'
}

# The mean of three seeds on the test parts that come with the data, by the recipe that did best on their validation parts.
recipes() {
  python3 - "$shared/data" "$work" <<'PYTHON'
import json, sys
shared, work = sys.argv[1:]
with open(f"{shared}/clinc150/data_full.json", encoding="utf-8") as file:
    data = json.load(file)
for part in ("train", "val", "test"):
    with open(f"{work}/clinc_{part}.tsv", "w", encoding="utf-8") as file:
        file.write("label\ttext\n" + "".join(f"{label}\t{text}\n" for text, label in data[part]))
PYTHON
  local seed
  for seed in 1 2 3; do
    "$winnow" train "$work/clinc_train.tsv" --validation "$work/clinc_val.tsv" --test "$work/clinc_test.tsv" --base-model "$minilm" \
      "${recipe[@]}" --seed $seed --output-dir "$work/recipe" --json --quiet --log-level error >"$work/clinc_$seed.json"
    "$winnow" train "$shared/data/banking77/train.csv" --test "$shared/data/banking77/test.csv" --base-model "$minilm" \
      "${recipe[@]}" --seed $seed --output-dir "$work/recipe" --json --quiet --log-level error >"$work/banking_$seed.json"
  done
  python3 - "$work" <<'PYTHON'
import json, sys
for name in ("clinc", "banking"):
    infos = [json.load(open(f"{sys.argv[1]}/{name}_{seed}.json")) for seed in (1, 2, 3)]
    accuracies = [info["metrics"]["accuracy"] for info in infos]
    print("{}: accuracy {} mean {:.4f}; {} test texts; {:.0f} s each, {:.0f} tokens/s".format(
        name, " ".join(f"{a:.4f}" for a in accuracies), sum(accuracies) / 3, infos[0]["test_count"],
        sum(info["training_time_seconds"] for info in infos) / 3, infos[0]["tokens_per_second"]))
PYTHON
}
recipe=(--lr 2e-4 --epochs 6 --max-length 64)

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

# A DistilBERT of random weights, and texts of exactly 32 tokens, into $work/distilbert and $work/words.tsv.
random_distilbert() {
  "$python" - "$minilm" "$work" <<'PYTHON'
import random, shutil, sys
from transformers import DistilBertConfig, DistilBertForSequenceClassification
minilm, work = sys.argv[1:]
DistilBertForSequenceClassification(DistilBertConfig(num_labels=2)).save_pretrained(work + "/distilbert")
for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
    shutil.copy(f"{minilm}/{name}", work + "/distilbert")
with open(minilm + "/vocab.txt", encoding="utf-8") as file:
    words = [word for word in file.read().split() if word.isascii() and word.isalpha() and len(word) > 3]
pick = random.Random(1)
with open(work + "/words.tsv", "w", encoding="utf-8") as file:
    for i in range(1024):
        file.write(f"LABEL_{i % 2}\t{' '.join(pick.choice(words) for _ in range(30))}\n")
PYTHON
}

# Full-size DeBERTa-v3-small and bge-m3 (568 million parameters) of random weights: a training step and an inference, time and memory.
full_size() {
  local shape options
  for shape in deberta-v3-small bge-m3; do
    options=(--batch-size 16)
    [[ $shape != bge-m3 ]] || options=(--batch-size 4)
    "$python" bench/peers/random_model.py --shape $shape --tokenizer "$minilm" --output "$work/$shape" --data "$work/$shape.tsv" --words 62 --texts 128 2>/dev/null
    "$winnow" quantize "$work/$shape" --data "$work/$shape.tsv" --max-drop 1 --output "$work/$shape-int8" --quiet >/dev/null
    printf '%s\n' $shape
    "$python" bench/peers/full_size.py --model "$work/$shape" --data "$work/$shape.tsv" --winnow "$winnow" --int8 "$work/$shape-int8" "${options[@]}"
    rm -rf "${work:?}/$shape" "$work/$shape-int8"
  done
}

# Hate or offensive against neither (Davidson et al. 2017): three seeds.
hate() {
  local seed
  for seed in 1 2 3; do
    "$winnow" train "$shared/data/hate_davidson/labeled_data.csv" --preset hate-speech --base-model "$minilm" --lr 1e-4 --epochs 4 --eval-steps 0 --save-steps 0 \
      --early-stopping-patience 0 --lr-scheduler linear --max-length 96 --gradient-accumulation-steps 1 --seed $seed --output-dir "$work/hate" --json --quiet --log-level error >"$work/hate_$seed.json"
  done
  figures_of hate
}

# figures_of NAME: of the three seeds' training_info.json.
figures_of() {
  python3 - "$work" "$1" <<'PYTHON'
import json, sys
infos = [json.load(open(f"{sys.argv[1]}/{sys.argv[2]}_{seed}.json")) for seed in (1, 2, 3)]
for key in ("accuracy", "f1_macro", "roc_auc"):
    values = [info["metrics"][key] for info in infos]
    print("{}: {} mean {:.4f}".format(key, " ".join(f"{v:.4f}" for v in values), sum(values) / 3))
print("{} test texts; {:.0f} s each".format(infos[0]["test_count"], sum(info["training_time_seconds"] for info in infos) / 3))
PYTHON
}

# Six labels of Jigsaw's comments, in five folds.
toxicity() {
  "$winnow" train "$shared/data/jigsaw_toxic/jigsaw_merged_unique.csv" --preset toxicity --text-field comment_text --base-model "$minilm" --lr 1e-4 --epochs 3 --max-length 192 \
    --folds 5 --quiet
}

# Mail with a subject and a body beside the best of some linear models.
mail() {
  "$python" bench/peers/mail.py --set newsgroups20 --shared "$shared" --base-model "$minilm" --winnow "$winnow"
  "$python" bench/peers/mail.py --set email_triage --shared "$shared" --base-model "$minilm" --winnow "$winnow"
}

# Linear models beside scikit-learn's.
linear() { "$python" bench/peers/linear.py --shared "$shared" --winnow "$winnow" ${REPEATS:+--repeats "$REPEATS"}; }

# The defaults of linear models on real data.
defaults() { "$python" bench/defaults.py --shared "$shared" --winnow "$winnow"; }

# The message filter beside rspamd.
rspamd() { "$python" bench/peers/rspamd.py --shared "$shared" --winnow "$winnow" ${REPEATS:+--repeats "$REPEATS"} ${SECONDS_EACH:+--seconds "$SECONDS_EACH"}; }

# The server beside FastAPI; see bench/serve.sh for its settings.
serve() { bash bench/serve.sh; }

# Flipped labels that the data doctor finds.
doctor() { "$python" bench/doctor.py --shared "$shared" --winnow "$winnow"; }

# What synthetic messages do for spam of the present day.
modern() { "$python" bench/modern_messages.py --shared "$shared" --winnow "$winnow"; }

infer() {
  train --epochs 1 --quantize
  "$winnow" quantize "$work/model" --output "$work/int8" --quiet >/dev/null
  "$winnow" export "$work/model" --output "$work/onnx" --quiet >/dev/null
  "$python" bench/peers/infer.py --title MiniLM --winnow "$winnow" --bundle "$work/int8" --ctranslate2 "$work/model" --onnx "$work/onnx/onnx/model.onnx" --data "$sms" ${REPEATS:+--repeats "$REPEATS"}
  random_distilbert
  "$winnow" quantize "$work/distilbert" --output "$work/distilbert8" --data "$work/words.tsv" --max-drop 1 --quiet >/dev/null
  "$winnow" export "$work/distilbert" --output "$work/distilbert_onnx" --quiet >/dev/null
  "$python" bench/peers/infer.py --title 'DistilBERT, random weights' --texts 512 --skip-openvino --winnow "$winnow" --bundle "$work/distilbert8" \
    --onnx "$work/distilbert_onnx/onnx/model.onnx" --data "$work/words.tsv" ${REPEATS:+--repeats "$REPEATS"}
}

# How much of the time of a batch of 32 texts goes into matrix products.
share() {
  train --epochs 1 --quantize
  build/release/bench/quantized_bench "$work/model" "$sms"
}

# Float weights beside INT8 ones, on texts that nothing has seen: real SMS, and CLINC150's 150 intents.
int8_accuracy() {
  python3 - "$shared/data/clinc150/data_full.json" "$work" <<'PYTHON'
import json, sys
data = json.load(open(sys.argv[1], encoding="utf-8"))
for part in ("train", "val", "test"):
    with open(f"{sys.argv[2]}/clinc_{part}.tsv", "w", encoding="utf-8") as file:
        file.write("label\ttext\n" + "".join(f"{label}\t{text}\n" for text, label in data[part]))
PYTHON
  # Every fifth message is for the test, and no message is in both parts.
  awk -F'\t' '!seen[$2]++ { print > (++n % 5 == 0 ? "'"$work"'/sms_test.tsv" : "'"$work"'/sms_train.tsv") }' "$sms"
  "$winnow" train "$work/sms_train.tsv" --test "$work/sms_test.tsv" --base-model "$minilm" --output-dir "$work/sms" --quantize --quiet --log-level error >/dev/null
  "$winnow" train "$work/clinc_train.tsv" --validation "$work/clinc_val.tsv" --test "$work/clinc_test.tsv" --base-model "$minilm" --lr 2e-4 --epochs 5 \
    --max-length 64 --output-dir "$work/clinc" --quantize --quiet --log-level error >/dev/null
  local set weights
  for set in sms clinc; do
    for weights in float int8; do
      "$winnow" evaluate "$work/$set" "$work/${set}_test.tsv" --weights $weights --json --quiet >"$work/figures.json"
      figure "$work/figures.json" "'$set, {} test texts, $weights: accuracy {:.4f}, macro-F1 {:.4f}'.format(i['count'], i['accuracy'], i['f1_macro'])"
    done
  done
}

(($#)) || set -- tokenize train train_best train_distilbert profile threads start infer share full_size
for what in "$@"; do
  printf '== %s\n' "$what"
  case $what in
    tokenize) tokenize ;;
    train) training ;;
    train_best) training_best ;;
    train_distilbert) training_distilbert ;;
    profile) profile ;;
    bf16) bf16 ;;
    recipes) recipes ;;
    threads) threads ;;
    start) start ;;
    infer) infer ;;
    share) share ;;
    full_size) full_size ;;
    hate) hate ;;
    toxicity) toxicity ;;
    mail) mail ;;
    doctor) doctor ;;
    modern) modern ;;
    linear) linear ;;
    defaults) defaults ;;
    rspamd) rspamd ;;
    serve) serve ;;
    int8_accuracy) int8_accuracy ;;
    accuracy) accuracy ;;
    *) printf 'bench: no benchmark "%s"\n' "$what" >&2; exit 2 ;;
  esac
done
