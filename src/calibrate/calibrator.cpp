#include "calibrate/calibrator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "classify/decision_rule.h"
#include "data/data_digest.h"
#include "data/label_sets.h"
#include "decide/label_thresholds.h"
#include "evaluate/metrics.h"

namespace winnow {
namespace {

constexpr size_t kFolds = 5;
constexpr size_t kEnoughForFolds = 100;  // with fewer, a fit on four fifths says little about the one on all

/// Rounds a threshold to four decimals, or to as many as leave three significant digits of its distance from 0 or 1, so
/// that it becomes neither: .3, .0000429, .9999571.
double Rounded(double threshold) {
  const double nearer = std::min(threshold, 1 - threshold);
  const double scale = std::pow(10.0, std::max(4.0, 2 - std::floor(std::log10(nearer))));
  return std::round(threshold * scale) / scale;
}

}  // namespace

void SetBestF1Thresholds(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                         std::span<const std::string> labels, Thresholds& thresholds) {
  const std::vector<float> best = BestF1Thresholds(probabilities, truth, labels.size());
  thresholds.labels.clear();
  // A float's own value: the threshold of a rare label may be smaller than any rounding allows.
  for (size_t k = 0; k < labels.size(); ++k) thresholds.labels[labels[k]] = static_cast<double>(best[k]);
}

Thresholds ThresholdsAround(double moderate) {
  const Thresholds defaults;
  const ModeThresholds modes{.strict = static_cast<float>(defaults.strict),
                             .moderate = static_cast<float>(defaults.moderate),
                             .lenient = static_cast<float>(defaults.lenient)};
  const auto rounded = [&](Mode mode) {
    return Rounded(static_cast<double>(ThresholdInMode(static_cast<float>(moderate), modes, mode)));
  };
  return {.strict = rounded(Mode::kStrict), .moderate = moderate, .lenient = rounded(Mode::kLenient)};
}

Calibrator::Calibrator(const HeldOutTexts& texts, const CalibrationOptions& options)
    : texts_(texts),
      options_(options),
      labels_(texts.dataset.labels.names),
      multi_label_(texts.dataset.multi_label),
      truth_(LabelSets(texts.dataset)) {}

Result<CalibrationResult> Calibrator::Calibrate(Manifest& manifest) {
  KeepGuarantees(manifest);
  TRY(CheckEnoughTexts(options_, texts_.dataset, texts_.positive_label, texts_.pooled));
  result_.partition = PartitionTexts(options_, truth_.size(), labels_.size(), multi_label_, texts_.pooled);
  TRY(Fit(manifest));
  probabilities_ = TRY(texts_.predict(CalibrationOf(manifest)));
  if (options_.max_fpr) {
    TRY(ChooseThresholds(manifest.thresholds));
  } else if (tune_) {
    // Those that --tune-thresholds chose were of the former probabilities.
    Note("the decision threshold of each label is tuned again, to maximize F1 on the calibration set");
    SetBestF1Thresholds(probabilities_, truth_, labels_, manifest.thresholds);
  }
  if (options_.max_error) TRY(ChooseAbstention(manifest));
  NotePartition();
  result_.options = options_;
  result_.texts = truth_.size();
  result_.source = texts_.source;
  result_.weights = texts_.weights;
  result_.labels = labels_;
  result_.calibration = CalibrationOf(manifest);
  return std::move(result_);
}

/// Guarantees of the previous calibration are kept by the new one.
void Calibrator::KeepGuarantees(const Manifest& manifest) {
  const bool changes = options_.calibration != CalibrationChoice::kKeep;
  const Thresholds& thresholds = manifest.thresholds;
  if (changes && thresholds.guarantee && !options_.max_fpr) {
    options_.max_fpr = thresholds.guarantee->max_fpr;
    options_.confidence = thresholds.guarantee->confidence;
    Note(fmt::format("thresholds are re-selected to keep the previous guarantee: a false-positive rate of at most {}",
                     *options_.max_fpr));
  }
  tune_ = changes && !thresholds.guarantee && !thresholds.labels.empty() && multi_label_;
  if (manifest.abstain && !options_.max_error && (changes || options_.max_fpr)) {
    options_.max_error = manifest.abstain->max_error;
    Note(fmt::format(
        "the abstention threshold is re-selected to keep the previous guarantee: an error rate of at most {}",
        *options_.max_error));
  }
}

Result<void> Calibrator::Fit(Manifest& manifest) {
  const Calibration former = CalibrationOf(manifest);
  result_.was_calibrated = former != Calibration{};
  Calibration now;
  const auto method = options_.Method();
  if (options_.calibration == CalibrationChoice::kKeep) {
    now = former;
  } else if (method) {
    CalibrationFit fit = TRY(FitOn(*method, result_.partition.fit));
    now = std::move(fit.calibration);
    for (std::string& note : fit.notes) Note(std::move(note));
  }
  TRY(Measure(former, now));
  if (options_.calibration == CalibrationChoice::kKeep) return {};
  CalibrationRecord record;
  record.calibration = now;
  record.texts = static_cast<int64_t>(method ? Fittable(result_.partition.fit).size() : 0);
  record.sha256 = DataSha256(texts_.dataset);
  record.source = texts_.source;
  record.measured = result_.measured;
  record.before = result_.before;
  record.after = result_.after;
  manifest.temperature = now.temperature;
  manifest.calibration = std::move(record);
  return {};
}

Result<CalibrationFit> Calibrator::FitOn(CalibrationMethod method, const Indices& part) const {
  const Indices fittable = Fittable(part);
  const std::vector<float> logits = LogitsAt(fittable);
  LabelIds truth = TruthAt(fittable);
  for (std::vector<int32_t>& labels : truth) std::erase(labels, kUnknownLabelId);
  return FitCalibration(method, {logits, truth, labels_, multi_label_});
}

/// The texts of the part that a calibration can be fitted to: no probability of a single-label model is right for a
/// text whose label it does not have.
Calibrator::Indices Calibrator::Fittable(const Indices& part) const {
  Indices fittable;
  for (const size_t t : part) {
    if (multi_label_ || !HasUnknownLabel(texts_.dataset.examples[t])) fittable.push_back(t);
  }
  return fittable;
}

/// Before and after, on the same texts: those that the fit has not seen if there are any.
Result<void> Calibrator::Measure(const Calibration& former, const Calibration& now) {
  const auto method = options_.Method();
  const CalibrationPartition& partition = result_.partition;
  Indices part = partition.fit;
  std::vector<float> after;
  if (method && partition.parts() > 1) {
    part = partition.thresholds_apart ? partition.thresholds : Indices();
    if (partition.abstention_apart) part.insert(part.end(), partition.abstention.begin(), partition.abstention.end());
    result_.measured = fmt::format("measured on {} texts that were not used for the fit", part.size());
  } else if (method && part.size() >= kEnoughForFolds && TRY(CrossFit(*method, part, after))) {
    result_.measured = fmt::format(
        "measured by {}-fold cross-fitting: for each fold, the calibration is fitted to the other folds", kFolds);
  } else if (method) {
    result_.measured = "measured on the texts that the calibration was fitted to, so the values are optimistic";
  } else {
    part.resize(truth_.size());
    std::iota(part.begin(), part.end(), size_t{0});
    result_.measured = "measured on all texts; nothing was fitted";
  }
  if (after.empty()) after = ProbabilitiesAt(now, part);
  result_.before = TRY(MetricsOf(ProbabilitiesAt({}, part), part));
  result_.was = TRY(MetricsOf(ProbabilitiesAt(former, part), part));
  result_.after = TRY(MetricsOf(after, part));
  return {};
}

/// Probabilities of each fold by a fit on the others; `part` gets the order of their rows. False where one of the fits
/// has too few texts.
Result<bool> Calibrator::CrossFit(CalibrationMethod method, Indices& part, std::vector<float>& probabilities) const {
  Indices order = part;
  Random(42, "folds").Shuffle(order);
  part.clear();
  for (size_t fold = 0; fold < kFolds; ++fold) {
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(fold * order.size() / kFolds);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>((fold + 1) * order.size() / kFolds);
    Indices others(order.begin(), begin);
    others.insert(others.end(), end, order.end());
    const Indices held(begin, end);
    const Result<CalibrationFit> fit = FitOn(method, others);
    if (!fit && fit.error().code == ErrorCode::kInvalidData) {
      part = order;
      probabilities.clear();
      return false;
    }
    const std::vector<float> row = ProbabilitiesAt(TRY(fit).calibration, held);
    probabilities.insert(probabilities.end(), row.begin(), row.end());
    part.insert(part.end(), held.begin(), held.end());
  }
  return true;
}

Result<CalibrationMetrics> Calibrator::MetricsOf(std::span<const float> probabilities, const Indices& part) const {
  const MetricsOptions options{.bootstrap_resamples = 0};
  const Metrics metrics = TRY(ComputeMetricsOfSets(probabilities, TruthAt(part), labels_, multi_label_, options));
  return CalibrationMetrics{.nll = metrics.nll.value_or(0),
                            .ece = metrics.ece.value_or(0),
                            .adaptive_ece = metrics.adaptive_ece.value_or(0),
                            .brier = metrics.brier.value_or(0)};
}

Result<void> Calibrator::ChooseThresholds(Thresholds& thresholds) {
  thresholds = {};
  FprGuarantee guarantee{.max_fpr = *options_.max_fpr,
                         .confidence = options_.confidence,
                         .texts = std::numeric_limits<int64_t>::max(),
                         .source = texts_.source,
                         .weights = texts_.weights};
  for (size_t k = 0; k < labels_.size(); ++k) {
    if (!multi_label_ && static_cast<int32_t>(k) != texts_.positive_label) continue;
    const ChosenThresholds& chosen = result_.thresholds.emplace_back(TRY(ThresholdsOf(k)));
    for (const std::string& note : chosen.thresholds.notes) Note(labels_[k] + ": " + note);
    guarantee.texts = std::min(guarantee.texts, static_cast<int64_t>(chosen.negatives));
    guarantee.lenient_max_fpr = std::max(guarantee.lenient_max_fpr, chosen.thresholds.lenient.max_fpr);
    // A float's own value as a double: it reads back as the same float.
    const ModeThresholds modes = chosen.thresholds.modes();
    const auto strict = static_cast<double>(modes.strict), moderate = static_cast<double>(modes.moderate),
               lenient = static_cast<double>(modes.lenient);
    if (multi_label_) {
      thresholds.labels_strict[labels_[k]] = strict;
      thresholds.labels[labels_[k]] = moderate;
      thresholds.labels_lenient[labels_[k]] = lenient;
    } else {
      thresholds.strict = strict;
      thresholds.moderate = moderate;
      thresholds.lenient = lenient;
    }
  }
  thresholds.guarantee = std::move(guarantee);
  return {};
}

Result<ChosenThresholds> Calibrator::ThresholdsOf(size_t label) const {
  const std::vector<float> negatives = NegativeScores(label);
  Result<FprThresholds> found = ThresholdsForFpr(negatives, *options_.max_fpr, options_.confidence);
  if (!found) {
    found.error().message = labels_[label] + ": " + found.error().message;
    return std::unexpected(found.error());
  }
  ChosenThresholds chosen{.label = labels_[label], .thresholds = *std::move(found), .negatives = negatives.size()};
  const ModeThresholds modes = chosen.thresholds.modes();
  for (const Mode mode : kModes) {
    chosen.reached[static_cast<size_t>(mode)] =
        std::ranges::count_if(negatives, [&](float score) { return score >= modes.At(mode); });
  }
  return chosen;
}

/// The scores of the texts without the label.
std::vector<float> Calibrator::NegativeScores(size_t label) const {
  std::vector<float> scores;
  for (const size_t t : result_.partition.thresholds) {
    if (std::ranges::find(truth_[t], static_cast<int32_t>(label)) != truth_[t].end()) continue;
    scores.push_back(multi_label_ ? RowOf(t)[label] : PositiveScore(RowOf(t), static_cast<int32_t>(label)));
  }
  return scores;
}

Result<void> Calibrator::ChooseAbstention(Manifest& manifest) {
  Manifest plain = manifest;
  plain.abstain.reset();
  const DecisionRule rule = TRY(DecisionRule::Of(plain, labels_, multi_label_, "calibration"));
  Abstention abstain{.max_error = *options_.max_error,
                     .texts = static_cast<int64_t>(result_.partition.abstention.size()),
                     .source = texts_.source,
                     .weights = texts_.weights};
  const std::array below = {&abstain.strict, &abstain.moderate, &abstain.lenient};
  for (const Mode mode : kModes) {
    std::vector<float> confidence;
    std::vector<uint8_t> wrong;
    for (const size_t t : result_.partition.abstention) {
      const Decision decision = rule.Decide(RowOf(t), {.mode = mode});
      confidence.push_back(decision.confidence);
      wrong.push_back((multi_label_ ? decision.labels != truth_[t] : decision.label != truth_[t].front()) ? 1 : 0);
    }
    const auto at = static_cast<size_t>(mode);
    result_.abstention[at] = TRY(AbstainForError(confidence, wrong, *options_.max_error));
    *below[at] = static_cast<double>(result_.abstention[at].below);
  }
  manifest.abstain = std::move(abstain);
  return {};
}

void Calibrator::NotePartition() {
  const CalibrationPartition& partition = result_.partition;
  if (partition.parts() == 1) return;
  std::string told = fmt::format("the texts were split at random so that each step uses its own part: {} for {}",
                                 partition.fit.size(), options_.Method() ? "calibration" : "thresholds");
  if (options_.Method() && options_.max_fpr && !partition.thresholds_apart) told += " and thresholds";
  if (partition.thresholds_apart) told += fmt::format(", {} for thresholds", partition.thresholds.size());
  if (partition.abstention_apart) told += fmt::format(", {} for abstention", partition.abstention.size());
  Note(std::move(told));
}

std::vector<float> Calibrator::LogitsAt(const Indices& part) const {
  std::vector<float> logits;
  logits.reserve(part.size() * labels_.size());
  for (const size_t t : part) {
    const auto row = std::span(texts_.logits).subspan(t * labels_.size(), labels_.size());
    logits.insert(logits.end(), row.begin(), row.end());
  }
  return logits;
}

Calibrator::LabelIds Calibrator::TruthAt(const Indices& part) const {
  LabelIds truth;
  truth.reserve(part.size());
  for (const size_t t : part) truth.push_back(truth_[t]);
  return truth;
}

std::vector<float> Calibrator::ProbabilitiesAt(const Calibration& calibration, const Indices& part) const {
  std::vector<float> probabilities = LogitsAt(part);
  winnow::Calibrate(calibration, probabilities, labels_.size(), multi_label_, probabilities);
  return probabilities;
}

std::span<const float> Calibrator::RowOf(size_t text) const {
  return std::span(probabilities_).subspan(text * labels_.size(), labels_.size());
}

}  // namespace winnow
