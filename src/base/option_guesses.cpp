#include "base/option_guesses.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace winnow {
namespace {

struct Guess {
  std::vector<std::string_view> guesses;
  std::vector<std::string_view> options;  // the first one that the command has is meant
};

/// Names of scikit-learn, transformers, curl, web servers and other programs.
const std::vector<Guess>& Guesses() {
  static const std::vector<Guess> guesses = {
      {{"n-jobs", "jobs", "j", "workers", "num-workers", "num-threads", "cpus", "cores", "nproc", "parallel"},
       {"threads"}},
      {{"random-state", "random-seed", "rng"}, {"seed"}},
      {{"patience", "early-stopping"}, {"early-stopping-patience"}},
      {{"ngram", "ngram-range", "n-grams"}, {"ngrams"}},
      {{"val", "valid", "dev", "val-file", "valid-file", "dev-file", "eval-file", "eval-data"}, {"validation"}},
      {{"val-size", "val-split", "valid-size", "validation-split", "dev-size", "eval-size"}, {"validation-size"}},
      {{"test-split", "holdout"}, {"test-size"}},
      {{"algorithm", "algo", "arch", "architecture", "classifier", "model-type"}, {"kind"}},
      {{"model", "pretrained", "checkpoint", "encoder"}, {"base-model"}},
      {{"max-len", "maxlen", "max-seq-len", "max-tokens", "seq-len"}, {"max-length"}},
      {{"column", "col", "text-column", "text-col", "textcol", "content-column"}, {"text-field"}},
      {{"label-column", "label-col", "labelcol", "target", "target-column", "y"}, {"label-field"}},
      {{"classes", "class-names", "label-names"}, {"labels"}},
      {{"sep", "separator", "delim", "d"}, {"delimiter"}},
      {{"charset"}, {"encoding"}},
      {{"where", "query", "select"}, {"filter"}},
      {{"file", "in", "i", "f", "stdin", "input-file", "csv", "data", "texts"}, {"input"}},
      {{"out", "output-file", "out-file", "outfile", "dest", "destination", "save", "save-to", "o"},
       {"output", "output-dir"}},
      {{"outdir", "out-dir", "dir", "save-dir", "model-dir"}, {"output-dir", "output"}},
      {{"output"}, {"output-dir"}},
      {{"output-dir"}, {"output"}},
      {{"force", "clobber", "y", "yes"}, {"overwrite"}},
      {{"proba", "probabilities", "scores", "jsonl", "format-json"}, {"json"}},
      {{"top", "topk", "k", "n"}, {"top-k"}},
      {{"why", "explanation", "shap", "lime"}, {"explain"}},
      {{"url", "endpoint", "api", "remote", "host", "port"}, {"server"}},
      {{"token", "api-token", "auth", "auth-token", "key", "keys", "key-file", "api-keys", "api-key"},
       {"api-key-file"}},
      {{"cutoff", "thresh", "t"}, {"threshold"}},
      {{"fpr", "target-fpr", "max-false-positives", "false-positive-rate", "max-false-positive-rate"}, {"max-fpr"}},
      {{"method"}, {"calibration"}},
      {{"oos", "ood", "outliers"}, {"out-of-scope"}},
      {{"alpha", "level"}, {"confidence"}},
      {{"baseline", "versus", "vs", "compare", "compare-with", "reference"}, {"against"}},
      {{"html", "report-dir", "report-file"}, {"report"}},
      {{"cv", "k-fold", "kfold", "n-splits", "cross-validation"}, {"folds"}},
      {{"bind", "address", "addr", "ip", "listen", "interface"}, {"host"}},
      {{"ssl-cert", "cert", "certificate", "ssl-certfile", "tls-certificate"}, {"tls-cert"}},
      {{"ssl-key", "ssl-keyfile", "private-key"}, {"tls-key"}},
      {{"cors", "allow-origin", "cors-origins"}, {"cors-origin"}},
      {{"rate-limit", "ratelimit", "rpm"}, {"requests-per-minute"}},
      {{"timeout", "request-timeout"}, {"max-wait", "read-timeout"}},
      {{"max-batch", "max-batch-size"}, {"max-batch-tokens", "batch-size"}},
      {{"cache", "cache-size"}, {"cache-mb"}},
      {{"int8", "quantized"}, {"weights", "quantize"}},
      {{"verbose", "v", "debug", "log", "verbosity"}, {"log-level"}},
      {{"silent", "q"}, {"quiet"}},
  };
  return guesses;
}

/// "-a-b-": words can be looked for with their hyphens.
std::string Fenced(std::string_view name) { return "-" + std::string(name) + "-"; }

bool HasWords(std::string_view name, std::string_view words) { return Fenced(name).contains(Fenced(words)); }

}  // namespace

std::string SuggestOption(std::string_view guess, std::span<const std::string> names) {
  const auto has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  std::vector<std::string> meant;
  for (const Guess& known : Guesses()) {
    if (std::ranges::find(known.guesses, guess) == known.guesses.end()) continue;
    const auto option = std::ranges::find_if(known.options, has);
    if (option == known.options.end() || *option == guess) continue;
    meant.emplace_back(*option);
    break;
  }
  constexpr size_t kMost = 3, kShortest = 3;
  if (meant.empty() && guess.size() >= kShortest) {
    for (const std::string& name : names) {
      if (HasWords(name, guess)) meant.push_back(name);
    }
    if (meant.size() > kMost) meant.clear();  // a word such as "max"
  }
  if (meant.empty()) {
    for (const std::string& name : names) {
      if (name.size() >= kShortest && Fenced(guess).starts_with(Fenced(name))) meant.push_back(name);
    }
  }
  std::string list;
  for (size_t i = 0; i < meant.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == meant.size() ? " or " : ", ") + ("'--" + meant[i]) + "'";
  }
  return list.empty() ? "" : "did you mean " + list + "?";
}

bool MayMeanArgument(std::string_view guess, std::string_view argument) {
  static const std::vector<Guess> arguments = {
      {{"data", "dataset", "file", "files", "input", "csv", "train", "train-data", "test", "test-data"}, {"data"}},
      {{"model", "models", "bundle"}, {"bundle", "bundles", "model"}},
      {{"text", "texts", "sentence"}, {"text", "texts"}},
      {{"message", "messages", "mail", "mbox", "file", "input", "text"}, {"message", "messages"}}};
  return std::ranges::any_of(arguments, [&](const Guess& known) {
    return std::ranges::find(known.guesses, guess) != known.guesses.end() &&
           std::ranges::find(known.options, argument) != known.options.end();
  });
}

}  // namespace winnow
