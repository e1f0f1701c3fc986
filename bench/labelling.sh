#!/bin/sh
# Labels that reviews save (docs/benchmarks.md): bench/labelling.sh PROGRAM SHARED, with the data and the weights of SHARED.
set -eu
program=$1 shared=$2
model=$shared/models/all-MiniLM-L6-v2
banking="$shared/data/banking77/train.csv --test $shared/data/banking77/test.csv --labels 1000"
sms="$shared/data/sms_spam/SMSSpamCollection --format tsv --labels 400"
for features in "$model" tfidf; do
  echo "Banking77, $(basename "$features")"
  "$program" review simulate $banking --features "$features" --quiet
  echo "SMS, $(basename "$features")"
  "$program" review simulate $sms --features "$features" --quiet
done
