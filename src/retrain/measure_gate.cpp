#include "retrain/measure_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "base/lines.h"
#include "base/log.h"
#include "calibrate/calibration_set.h"
#include "evaluate/slices.h"
#include "filter/filter_model.h"
#include "filter/spam_filter.h"
#include "filter/stored_message.h"
#include "pipeline/labelled_data.h"
#include "report/measured_model.h"

namespace winnow {
namespace {

constexpr size_t kRareSlice = 20;  // texts; smaller slices are one

/// The label ids of a set that another label set gives its labels.
Dataset WithLabels(Dataset dataset, const std::vector<std::string>& names) {
  const LabelSet labels{names};
  for (Example& example : dataset.examples) {
    for (int32_t& id : example.labels) {
      if (id >= 0) id = labels.Find(dataset.labels.names[static_cast<size_t>(id)]);
    }
    std::ranges::sort(example.labels);
  }
  dataset.labels = labels;
  return dataset;
}

DecidedTexts WithLabels(DecidedTexts texts, const std::vector<std::string>& from, const std::vector<std::string>& to) {
  const LabelSet labels{to};
  const auto map = [&](int32_t id) { return id < 0 ? id : labels.Find(from[static_cast<size_t>(id)]); };
  for (auto* const sets : {&texts.truth, &texts.decided}) {
    for (std::vector<int32_t>& ids : *sets) {
      std::ranges::transform(ids, ids.begin(), map);
      std::ranges::sort(ids);
    }
  }
  texts.positive_label = map(texts.positive_label);
  return texts;
}

struct MeasuredPair {
  PairedDecisions decisions;
  std::optional<ScopeDecisions> champion_scope, challenger_scope;
};

/// The champion and the challenger, loaded.
struct Models {
  BundleClassifier champion, challenger;

  Result<MeasuredPair> Measure(const GatePlan& plan, Dataset of_champion, Dataset of_challenger) const {
    MeasuredModel first = TRY(MeasureOnTexts(plan.champion, champion, std::move(of_champion), {}));
    MeasuredModel second = TRY(MeasureOnTexts(plan.challenger, challenger, std::move(of_challenger), {}));
    return MeasuredPair{
        .decisions = {.champion = WithLabels(std::move(first.decided), champion.labels(), challenger.labels()),
                      .challenger = std::move(second.decided)},
        .champion_scope = ScopeOf(champion, std::move(first.rejected)),
        .challenger_scope = ScopeOf(challenger, std::move(second.rejected))};
  }

 private:
  static std::optional<ScopeDecisions> ScopeOf(const BundleClassifier& model, std::vector<char> rejected) {
    const ScopeRule* const rule = model.scope_rule();
    if (rule == nullptr) return std::nullopt;
    return ScopeDecisions{.max_rejected = rule->max_rejected, .rejected = std::move(rejected)};
  }
};

Result<Models> Load(const GatePlan& plan, ThreadPool& pool) {
  return Models{.champion = TRY(BundleClassifier::Load(plan.champion, pool, plan.weights)),
                .challenger = TRY(BundleClassifier::Load(plan.challenger, pool, plan.weights))};
}

/// The gate's input without texts.
GateInput InputOf(const Models& models) {
  const auto name = [](const BundleClassifier& model) {
    return model.manifest().name + " " + model.manifest().version;
  };
  GateInput input{.champion = name(models.champion),
                  .challenger = name(models.challenger),
                  .champion_labels = models.champion.labels(),
                  .challenger_labels = models.challenger.labels(),
                  .test = {},
                  .slices = {},
                  .champion_scope = {},
                  .challenger_scope = {},
                  .audits = {},
                  .audited = {},
                  .must_pass = {},
                  .promised_fpr = {}};
  if (const auto& guarantee = models.champion.manifest().thresholds.guarantee) input.promised_fpr = guarantee->max_fpr;
  return input;
}

bool SameLabels(const Models& models) {
  std::vector<std::string> first = models.champion.labels(), second = models.challenger.labels();
  std::ranges::sort(first);
  std::ranges::sort(second);
  return first == second;
}

/// Slices of few texts say nothing alone.
void JoinRare(std::vector<std::string>& keys) {
  std::map<std::string, size_t> counts;
  for (const std::string& key : keys) ++counts[key];
  for (std::string& key : keys) {
    if (counts[key] < kRareSlice) key = "others";
  }
}

Result<std::vector<SliceKeys>> SlicesOf(const Dataset& test, const TestOrigin& origin) {
  const std::vector<std::string_view> texts = TextViews(test);
  std::vector<SliceKeys> slices;
  SliceKeys& length = slices.emplace_back(SliceKeys{.by = "length", .keys = {}, .order = {}});
  length.keys = LengthKeys(texts, length.order);
  SliceKeys language{.by = "language", .keys = {}, .order = {}};
  for (const char* const column : {"language", "lang"}) {
    if (language.keys.empty()) language.keys = TRY(SourcesOf(origin.files, origin.fields, origin.format, test, column));
  }
  if (language.keys.empty()) language = {.by = "script", .keys = ScriptKeys(texts), .order = {}};
  slices.push_back(std::move(language));
  SliceKeys source{
      .by = "source", .keys = TRY(SourcesOf(origin.files, origin.fields, origin.format, test)), .order = {}};
  if (!source.keys.empty()) slices.push_back(std::move(source));
  for (SliceKeys& each : slices) JoinRare(each.keys);
  return slices;
}

/// Warns of a model that seems to have been trained on the texts: it looks better than it is.
void WarnOfTrainingTexts(const std::filesystem::path& bundle, const BundleClassifier& model, const Dataset& texts,
                         std::vector<std::string>& notes) {
  const std::string warning = TrainingTextsWarning(bundle, texts, model);
  if (warning.empty()) return;
  notes.push_back(fmt::format("{}: {}", bundle.string(), warning));
  LogWarning("{}", notes.back());
}

/// The decisions about some of the texts.
DecidedTexts Only(const DecidedTexts& texts, std::span<const size_t> indices) {
  DecidedTexts some = texts;
  some.truth.clear();
  some.decided.clear();
  some.confidence.clear();
  for (const size_t i : indices) {
    some.truth.push_back(texts.truth[i]);
    some.decided.push_back(texts.decided[i]);
    if (i < texts.confidence.size()) some.confidence.push_back(texts.confidence[i]);
  }
  return some;
}

/// Accuracies are compared on a simple random sample of the messages; the false-positive rate is estimated from all
/// audits, each of which stands for the messages that it was drawn from. Returns what was left out of the sample.
Result<std::string> AddAuditedTexts(const GatePlan& plan, const Models& models, GateInput& input) {
  if (plan.store == nullptr) return std::string();
  const std::vector<StoredVerdictSample> all = TRY(ReadVerdictSamples(*plan.store, {.since = plan.audits_since}));
  const std::vector<StoredVerdictSample> samples = LabelledVerdicts(all);
  std::vector<size_t> kept;
  const Dataset of_challenger =
      AuditedTexts(samples, LabelSet{models.challenger.labels()}, models.challenger.text_template(), &kept);
  if (kept.empty()) return std::string();
  const Dataset of_champion =
      AuditedTexts(samples, LabelSet{models.champion.labels()}, models.champion.text_template());
  const PairedDecisions decisions = TRY(models.Measure(plan, of_champion, of_challenger)).decisions;
  const UniformSample sample_of_all = UniformVerdicts(all);
  std::set<int64_t> uniform;
  for (const StoredVerdictSample& stored : sample_of_all.verdicts) uniform.insert(stored.id);
  const int32_t positive = models.challenger.positive_label();
  std::vector<size_t> compared;
  for (size_t i = 0; i < kept.size(); ++i) {
    StoredVerdictSample sample = samples[kept[i]];
    if (uniform.contains(sample.id)) compared.push_back(i);
    const std::vector<int32_t>& decided = decisions.challenger.decided[i];
    sample.sample.is_spam = std::ranges::find(decided, positive) != decided.end();
    input.audited.push_back(std::move(sample));
  }
  input.audits = PairedDecisions{.champion = Only(decisions.champion, compared),
                                 .challenger = Only(decisions.challenger, compared)};
  return LeftOutText(sample_of_all);
}

Result<void> AddMustPass(const GatePlan& plan, const BundleClassifier& challenger, GateInput& input) {
  if (!plan.must_pass) return {};
  if (const Result<void> fits = CheckFilterModel(challenger); !fits) {
    return Fail(ErrorCode::kInvalidArgument, "--must-pass: " + fits.error().message,
                "omit --must-pass; its labels are spam and ham");
  }
  const std::vector<MustPassCase> cases = TRY(ReadMustPass(*plan.must_pass));
  std::vector<InputText> texts;
  for (const MustPassCase& each : cases) texts.push_back(TextForModel(each.message, challenger.text_template()));
  const std::vector<InputTextView> views(texts.begin(), texts.end());
  const std::vector<ClassifiedText> classified = TRY(challenger.Classify(views));
  for (size_t i = 0; i < cases.size(); ++i) {
    input.must_pass.push_back({.line = cases[i].line,
                               .text = texts[i].joined(),
                               .expected = cases[i].spam ? "spam" : "ham",
                               .decided = classified[i].decision.label == challenger.positive_label() ? "spam" : "ham",
                               .note = cases[i].note});
  }
  return {};
}

Result<GateReport> Examine(const GatePlan& plan, const Models& models, Dataset of_champion, Dataset of_challenger) {
  GateInput input = InputOf(models);
  if (!SameLabels(models)) return ExamineGate(input, plan.bounds);
  input.slices = TRY(SlicesOf(of_challenger, plan.origin));
  MeasuredPair measured = TRY(models.Measure(plan, std::move(of_champion), std::move(of_challenger)));
  input.test = std::move(measured.decisions);
  input.champion_scope = std::move(measured.champion_scope);
  input.challenger_scope = std::move(measured.challenger_scope);
  const std::string left_out = TRY(AddAuditedTexts(plan, models, input));
  TRY(AddMustPass(plan, models.challenger, input));
  GateReport report = ExamineGate(input, plan.bounds);
  if (!left_out.empty()) report.notes.push_back("accuracy on audits: " + left_out);
  return report;
}

}  // namespace

Dataset AuditedTexts(std::span<const StoredVerdictSample> samples, const LabelSet& labels,
                     const TextTemplate* text_template, std::vector<size_t>* kept) {
  Dataset dataset;
  dataset.labels = labels;
  for (size_t i = 0; i < samples.size(); ++i) {
    const VerdictSample& sample = samples[i].sample;
    const int32_t id = sample.label ? labels.Find(*sample.label) : -1;
    if (id < 0) continue;
    const FilterMessage message = MessageOfStoredText(sample.text, text_template);
    dataset.examples.push_back({.text = TextForModel(message, text_template).joined(),
                                .labels = {id},
                                .file = "audits",
                                .row = static_cast<size_t>(samples[i].id)});
    if (kept != nullptr) kept->push_back(i);
  }
  return dataset;
}

Result<GateReport> MeasureGate(const GatePlan& plan, const Dataset& test, ThreadPool& pool) {
  const Models models = TRY(Load(plan, pool));
  return Examine(plan, models, WithLabels(test, models.champion.labels()),
                 WithLabels(test, models.challenger.labels()));
}

Result<GateReport> MeasureGateOnFiles(const GatePlan& plan, const ReadingOptions& reading, ThreadPool& pool) {
  const Models models = TRY(Load(plan, pool));
  ReadReport report;
  Dataset of_challenger = TRY(ReadLabelledData(models.challenger, plan.origin.files, reading, report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  ReadReport again;
  Dataset of_champion = TRY(ReadLabelledData(models.champion, plan.origin.files, reading, again));
  std::vector<std::string> notes;
  WarnOfTrainingTexts(plan.champion, models.champion, of_champion, notes);
  WarnOfTrainingTexts(plan.challenger, models.challenger, of_challenger, notes);
  size_t left_out = 0;
  if (SameLabels(models)) left_out = TRY(KeepCommonTexts(of_challenger, of_champion));
  GateReport gate = TRY(Examine(plan, models, std::move(of_champion), std::move(of_challenger)));
  std::ranges::move(notes, std::back_inserter(gate.notes));
  if (left_out > 0) gate.notes.push_back(fmt::format("{} rows were left out, which only one model reads", left_out));
  return gate;
}

}  // namespace winnow
