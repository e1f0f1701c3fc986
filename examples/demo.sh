#!/usr/bin/env bash
# Fine-tunes a spam filter on the messages beside this script, evaluates it, and classifies a few messages. Writes to ./demo.
#
#     demo.sh [PROGRAM]        the program is "winnow" of the search path, unless it is named
set -euo pipefail
data=$(cd "$(dirname "$0")" && pwd)/data
winnow=${1:-winnow}
base=all-MiniLM-L6-v2

say() { printf '== %s\n' "$*" >&2; }
# step TEXT: a heading with the time since the demo began.
step() { say "[$((SECONDS / 60)):$(printf %02d $((SECONDS % 60)))] $*"; }

command -v "$winnow" >/dev/null || { say "'$winnow' is not installed"; exit 1; }
[[ -f $data/messages.tsv ]] || { say "$data/messages.tsv is missing; is this installation complete?"; exit 1; }
mkdir -p demo
# Every fifth message is for the test, and no message is in both parts.
awk 'NR == 1 { print > "demo/train.tsv"; print > "demo/test.tsv"; next }
     !seen[$0]++ { print > (++n % 5 == 0 ? "demo/test.tsv" : "demo/train.tsv") }' "$data/messages.tsv"
step "1 of 4: pulling the base model $base (91 MB)"
if ! "$winnow" pull "$base"; then
  say "NO BASE MODEL available: training a small model from scratch instead, which is less accurate"
  base=scratch
fi
step "2 of 4: fine-tuning on demo/train.tsv, 480 messages (about a minute on 2 cores)"
"$winnow" train demo/train.tsv --test demo/test.tsv --base-model "$base" --positive-label spam --output-dir demo/spam --overwrite
step "3 of 4: evaluating on demo/test.tsv, 120 messages that were not trained on (seconds)"
"$winnow" evaluate demo/spam demo/test.tsv
step "4 of 4: classifying the messages of $data/messages.txt"
"$winnow" classify demo/spam --input "$data/messages.txt"
step "done; try: $winnow classify demo/spam \"your own text\""
