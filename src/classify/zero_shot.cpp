#include "classify/zero_shot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "bundle/load_check.h"
#include "classify/pairs.h"
#include "classify/scorer.h"
#include "decide/probabilities.h"
#include "linear/linear_model.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr char kLabelPlace[] = "{label}";
constexpr char kOtherLabelPlace[] = "{}";
constexpr size_t kBatchTokens = 16384;  // of pairs that are encoded before they are run

/// Returns true if `name` begins with `prefix`, which is in lower case, in letters of either case.
bool BeginsWith(std::string_view name, std::string_view prefix) {
  return LowerAscii(name.substr(0, prefix.size())) == prefix;
}

int32_t FirstThatBegins(std::span<const std::string> labels, std::string_view prefix) {
  const auto found = std::ranges::find_if(labels, [&](const std::string& label) { return BeginsWith(label, prefix); });
  return found == labels.end() ? -1 : static_cast<int32_t>(found - labels.begin());
}

std::string_view PlaceIn(std::string_view hypothesis) {
  return hypothesis.find(kLabelPlace) == std::string_view::npos ? kOtherLabelPlace : kLabelPlace;
}

std::string Hypothesis(std::string_view pattern, std::string_view label) {
  const std::string_view place = PlaceIn(pattern);
  std::string text;
  for (size_t begin = 0;;) {
    const size_t end = pattern.find(place, begin);
    text += pattern.substr(begin, end - begin);
    if (end == std::string_view::npos) return text;
    text += label;
    begin = end + place.size();
  }
}

}  // namespace

Result<NliLabels> FindNliLabels(std::span<const std::string> labels, std::optional<int32_t> entailment_id,
                                std::string_view where) {
  const std::string names = fmt::format("{}", fmt::join(labels, ", "));
  const auto count = static_cast<int32_t>(labels.size());
  if (entailment_id && (*entailment_id < 0 || *entailment_id >= count)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: --entailment-id {} is out of range: the model has {} labels, numbered from 0: {}",
                            where, *entailment_id, count, names),
                fmt::format("specify a number from 0 to {}", count - 1));
  }
  NliLabels found{.entailment = entailment_id.value_or(FirstThatBegins(labels, "entail")),
                  .contradiction = FirstThatBegins(labels, "contra")};
  if (count < 2) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: not a natural language inference model: {}", where,
                            count == 0 ? "it has no labels" : "its one label is " + names),
                "use a model that distinguishes entailment from contradiction");
  }
  if (found.entailment < 0) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: not a natural language inference model: none of its labels ({}) begins with 'entail'",
                            where, names),
                "use a model that distinguishes entailment from contradiction; if this one does, specify the label of "
                "entailment with --entailment-id N");
  }
  if (found.contradiction < 0 || found.contradiction == found.entailment) {
    found.contradiction = found.entailment == 0 ? count - 1 : 0;
  }
  return found;
}

Result<void> CheckZeroShotOptions(const ZeroShotOptions& options) {
  if (options.labels.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "zero-shot classification requires labels",
                "specify at least one, such as: spam,work,private");
  }
  std::set<std::string_view> seen;
  for (const std::string& label : options.labels) {
    if (TrimAscii(label).empty()) {
      return Fail(ErrorCode::kInvalidArgument, "--zero-shot: a label is empty", "remove the superfluous comma");
    }
    if (!seen.insert(label).second) {
      return Fail(ErrorCode::kInvalidArgument, "the label '" + label + "' is specified twice",
                  "specify each candidate label once");
    }
  }
  if (!options.phrases.empty() && options.phrases.size() != options.labels.size()) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} label phrases are specified for {} labels", options.phrases.size(), options.labels.size()),
        "specify one phrase per label");
  }
  if (options.hypothesis.find(PlaceIn(options.hypothesis)) == std::string::npos) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "the hypothesis '" + options.hypothesis + "' does not contain {label}, so it is identical for all labels",
        std::string("write {label} in place of the label, for example '") + kDefaultHypothesis + "'");
  }
  return {};
}

std::string PhraseOfLabel(std::string_view label) {
  std::string phrase(label);
  std::ranges::replace_if(
      phrase, [](char c) { return c == '_' || c == '-'; }, ' ');
  return phrase;
}

ZeroShotClassifier::ZeroShotClassifier(std::unique_ptr<const BundleModel> model, ZeroShotOptions options,
                                       NliLabels outputs)
    : model_(std::move(model)),
      options_(std::move(options)),
      outputs_(outputs),
      token_types_(HasPairTypes(model_->tokenizer(), model_->config())) {
  for (const std::string& phrase : options_.phrases.empty() ? options_.labels : options_.phrases)
    hypotheses_.push_back(Hypothesis(options_.hypothesis, phrase));
  const int most = MaxTokens(model_->config());
  if (options_.max_length == 0) options_.max_length = std::min(model_->manifest().max_length, kMostPairTokens);
  options_.max_length = std::min(options_.max_length, most);
}

Result<ZeroShotClassifier> ZeroShotClassifier::Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                                    ZeroShotOptions options) {
  TRY(CheckZeroShotOptions(options));
  std::error_code error;
  if (std::filesystem::exists(bundle / kLinearFile, error)) {
    return Fail(ErrorCode::kUnsupported,
                bundle.string() + ": a linear model knows only the labels that it was trained with",
                "zero-shot classification needs a model for natural language inference: winnow pull deberta-small-nli");
  }
  LoadCheck check = TRY(LoadCheck::Begin(bundle, {WeightsFile(bundle, options.weights)}));
  return check.Around([&] { return LoadChecked(bundle, pool, std::move(options)); });
}

Result<ZeroShotClassifier> ZeroShotClassifier::LoadChecked(const std::filesystem::path& bundle, ThreadPool& pool,
                                                           ZeroShotOptions options) {
  // Before the weights, which may take a while.
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  const NliLabels outputs = TRY(FindNliLabels(config.labels, options.entailment_id, bundle.string()));
  std::unique_ptr<const BundleModel> model = TRY(BundleModel::Load(bundle, pool, options.weights));
  return ZeroShotClassifier(std::move(model), std::move(options), outputs);
}

Result<std::vector<float>> ZeroShotClassifier::Probabilities(std::span<const std::string_view> texts,
                                                             const Progress& progress) const {
  const size_t labels = hypotheses_.size();
  const size_t outputs = model_->config().labels.size();
  const size_t pairs = texts.size() * labels;
  const bool alone = multi_label();
  std::vector<float> scores(pairs), contradictions(alone ? pairs : 0);
  PackedBatch batch;
  std::vector<float> logits;
  for (size_t pair = 0; pair < pairs;) {
    const size_t first = pair;
    batch.Clear();
    for (; pair < pairs && (pair == first || batch.ids.size() < kBatchTokens); ++pair) {
      const size_t second_begin = model_->tokenizer().EncodePair(texts[pair / labels], hypotheses_[pair % labels],
                                                                 options_.max_length, PairCut::kFirst, batch.ids);
      if (token_types_) {
        batch.EndPair(second_begin);
      } else {
        batch.EndText();
      }
    }
    logits.resize(batch.texts() * outputs);
    Progress told;
    if (progress) told = [&](size_t done) { return progress((first + done) / labels); };
    TRY(model_->Logits(batch.view(), logits, told));
    for (size_t i = first; i < pair; ++i) {
      const float* row = logits.data() + (i - first) * outputs;
      scores[i] = row[outputs_.entailment];
      if (alone) contradictions[i] = row[outputs_.contradiction];
    }
  }
  if (!alone) {
    Softmax(scores, static_cast<int>(labels), 1, scores);
    return scores;
  }
  for (size_t i = 0; i < pairs; ++i) {
    float two[] = {contradictions[i], scores[i]};
    Softmax(two, 2, 1, two);
    scores[i] = two[1];
  }
  return scores;
}

Decision ZeroShotClassifier::DecideOne(std::span<const float> probabilities, const ClassifyOptions& options) const {
  const DecideOptions decide{.threshold = options.threshold.value_or(ModeThresholds().At(options.mode)),
                             .abstain_below = options.abstain_below.value_or(0)};
  return multi_label() ? DecideMultiLabel(probabilities, {}, decide) : Decide(probabilities, decide);
}

Result<std::vector<ClassifiedText>> ZeroShotClassifier::Classify(std::span<const std::string_view> texts,
                                                                 const ClassifyOptions& options,
                                                                 const Progress& progress) const {
  const std::vector<float> probabilities = TRY(Probabilities(texts, progress));
  std::vector<ClassifiedText> results(texts.size());
  for (size_t t = 0; t < texts.size(); ++t) {
    const auto row = std::span(probabilities).subspan(t * hypotheses_.size(), hypotheses_.size());
    results[t].probabilities.assign(row.begin(), row.end());
    results[t].decision = DecideOne(row, options);
  }
  return results;
}

}  // namespace winnow
