#include "cli/scope.h"

#include "base/interrupt.h"
#include "base/progress.h"
#include "calibrate/scope_text.h"
#include "cli/output.h"
#include "cli/text_report.h"

namespace winnow {
namespace {

Result<ScopePredictions> PredictWithBar(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                                        const ClassifyOptions& options) {
  ProgressBar bar("evaluate", static_cast<int64_t>(texts.size()));
  ScopePredictions predictions = TRY(PredictScope(classifier, texts, options, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  return predictions;
}

}  // namespace

void AddScopeOptions(ScopePlan& options, OptionTable& table) {
  table.Group("Out-of-scope detection");
  table
      .Add("out-of-scope", &options.outside,
           "Texts that belong to no label, typical of what the model will meet; used to set the out-of-scope threshold")
      .ValueName("FILE");
  table.Add("in-scope-only", &options.in_scope_only,
            "Set the out-of-scope threshold from the in-scope texts only, without a file of out-of-scope texts "
            "(--out-of-scope)");
  table
      .Add("max-rejected", &options.choice.max_rejected,
           "Largest share of the in-scope texts that may be rejected as out of scope, with confidence --confidence")
      .MoreThan(0)
      .Range(0, 0.999);
  table
      .AddChoice("scope-method", &options.choice.method,
                 {{"max_probability", ScopeMethod::kMaxProbability},
                  {"energy", ScopeMethod::kEnergy},
                  {"distance", ScopeMethod::kDistance}},
                 "Score for out-of-scope detection: the highest probability, the energy of the logits, or the distance "
                 "of the embedding to the nearest class mean")
      .Default("the one that best separates in-scope from out-of-scope texts");
  table.Add("scope-label", &options.choice.label, "Label for out-of-scope texts").ValueName("NAME");
  table.Add("no-out-of-scope", &options.remove,
            "Remove out-of-scope detection: each text gets one of the labels again");
}

Result<void> RunScopeEvaluation(const BundleClassifier& classifier, const Dataset& inside,
                                std::span<const std::filesystem::path> outside, const ClassifyOptions& classify,
                                bool json) {
  const ScopeRule* const rule = classifier.scope_rule();
  if (rule == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "the model has no out-of-scope detection",
                "add out-of-scope detection with: winnow calibrate BUNDLE DATA --out-of-scope FILE");
  }
  const std::vector<std::string> outside_texts = TRY(ReadOutOfScopeTexts(classifier, outside, LogTextReport));
  const ScopePredictions in = TRY(PredictWithBar(classifier, InputTexts(inside), classify));
  const ScopePredictions out = TRY(PredictWithBar(classifier, OutOfScopeViews(outside_texts), classify));
  const ScopeMetrics metrics = MeasureScopeRule(*rule, inside, in, out);
  return Print(json ? ScopeMetricsJson(*rule, metrics).dump(2) + "\n" : ScopeMetricsText(*rule, metrics));
}

}  // namespace winnow
