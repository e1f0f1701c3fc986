#include "cli/calibrating.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "bundle/manifest_calibration.h"
#include "classify/decision_rule.h"
#include "cli/data_options.h"
#include "cli/training_info.h"
#include "decide/conformal.h"
#include "decide/fit_calibration.h"
#include "decide/label_thresholds.h"
#include "decide/neyman_pearson.h"
#include "evaluate/metrics.h"
#include "evaluate/text_table.h"

namespace winnow {
namespace {

using Indices = std::vector<size_t>;
using LabelIds = std::vector<std::vector<int32_t>>;

constexpr std::array kModes = {Mode::kStrict, Mode::kModerate, Mode::kLenient};
constexpr size_t kFolds = 5;
constexpr size_t kEnoughForFolds = 100;  // with fewer, a fit on four fifths says little about the one on all

class Calibrator {
 public:
  Calibrator(const HeldOutTexts& texts, const CalibrationOptions& options, Manifest& manifest)
      : texts_(texts),
        options_(options),
        manifest_(manifest),
        labels_(texts.dataset.labels.names),
        multi_label_(texts.dataset.multi_label),
        truth_(LabelSets(texts.dataset)) {}

  Result<CalibrationReport> Run() {
    const Calibration former = CalibrationOf(manifest_);
    KeepPromises(former);
    TRY(CheckEnoughTexts(options_, texts_.dataset, texts_.positive_label, texts_.pooled));
    parts_ = DealTexts(options_, truth_.size(), labels_.size(), multi_label_, texts_.pooled);
    TRY(Fit(former));
    probabilities_ = TRY(texts_.answers(CalibrationOf(manifest_)));
    if (options_.max_fpr) {
      TRY(ChooseThresholds());
    } else if (retune_) {
      Retune();
    }
    if (options_.max_error) TRY(ChooseAbstention());
    TellParts();
    return Report();
  }

 private:
  struct Chosen {
    std::string label;
    FprThresholds thresholds;
    size_t legitimate = 0;
    std::array<int64_t, 3> reached = {};
  };

  /// What was promised with the former calibration is promised with the new one.
  void KeepPromises(const Calibration& former) {
    const bool changes = options_.calibration != CalibrationChoice::kKeep;
    const Thresholds& thresholds = manifest_.thresholds;
    if (changes && thresholds.promise && !options_.max_fpr) {
      options_.max_fpr = thresholds.promise->max_fpr;
      options_.confidence = thresholds.promise->confidence;
      Note(fmt::format("thresholds promised a false-positive rate of {}: they are chosen again", *options_.max_fpr));
    }
    retune_ = changes && !thresholds.promise && !thresholds.labels.empty() && multi_label_;
    if (manifest_.abstain && !options_.max_error && (changes || options_.max_fpr)) {
      options_.max_error = manifest_.abstain->max_error;
      Note(fmt::format("abstention promised an error rate of {}: it is chosen again", *options_.max_error));
    }
    was_calibrated_ = former != Calibration{};
  }

  Result<void> Fit(const Calibration& former) {
    Calibration now;
    const auto method = options_.Method();
    if (options_.calibration == CalibrationChoice::kKeep) {
      now = former;
    } else if (method) {
      CalibrationFit fit = TRY(FitOn(*method, parts_.fit));
      now = std::move(fit.calibration);
      for (std::string& note : fit.notes) Note(std::move(note));
    }
    TRY(Measure(former, now));
    if (options_.calibration == CalibrationChoice::kKeep) return {};
    CalibrationRecord record;
    record.calibration = now;
    record.texts = static_cast<int64_t>(method ? parts_.fit.size() : 0);
    record.sha256 = DataSha256(texts_.dataset);
    record.source = texts_.source;
    record.measured = measured_;
    record.before = before_;
    record.after = after_;
    manifest_.temperature = now.temperature;
    manifest_.calibration = std::move(record);
    return {};
  }

  Result<CalibrationFit> FitOn(CalibrationMethod method, const Indices& part) const {
    const std::vector<float> logits = LogitsAt(part);
    const LabelIds truth = TruthAt(part);
    return FitCalibration(method, {logits, truth, labels_, multi_label_});
  }

  /// Before and after, on the same texts: those that the fit has not seen where there are any.
  Result<void> Measure(const Calibration& former, const Calibration& now) {
    const auto method = options_.Method();
    Indices part = parts_.fit;
    std::vector<float> after;
    if (method && (parts_.thresholds_apart || parts_.abstain_apart)) {
      part = parts_.thresholds_apart ? parts_.thresholds : Indices();
      if (parts_.abstain_apart) part.insert(part.end(), parts_.abstain.begin(), parts_.abstain.end());
      measured_ = fmt::format("on {} texts that the fit has not seen", part.size());
    } else if (method && part.size() >= kEnoughForFolds && TRY(CrossFit(*method, part, after))) {
      measured_ = fmt::format("cross-fitted: each of {} parts by a fit on the others", kFolds);
    } else if (method) {
      measured_ = "on the texts that it was fitted on, which flatters";
    } else {
      part.resize(truth_.size());
      std::iota(part.begin(), part.end(), size_t{0});
      measured_ = "on all texts; nothing was fitted";
    }
    if (after.empty()) after = Probabilities(now, part);
    before_ = TRY(FiguresOf(Probabilities({}, part), part));
    was_ = TRY(FiguresOf(Probabilities(former, part), part));
    after_ = TRY(FiguresOf(after, part));
    return {};
  }

  /// Probabilities of each part by a fit on the others, in the order of `part`. False where one of the fits has too few
  /// texts.
  Result<bool> CrossFit(CalibrationMethod method, Indices& part, std::vector<float>& probabilities) const {
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
      const std::vector<float> row = Probabilities(TRY(fit).calibration, held);
      probabilities.insert(probabilities.end(), row.begin(), row.end());
      part.insert(part.end(), held.begin(), held.end());
    }
    return true;
  }

  Result<CalibrationFigures> FiguresOf(std::span<const float> probabilities, const Indices& part) const {
    const MetricsOptions options{.bootstrap_resamples = 0};
    Metrics metrics;
    if (multi_label_) {
      metrics = TRY(ComputeMultiLabelMetrics(probabilities, TruthAt(part), labels_, options));
    } else {
      std::vector<int32_t> truth;
      for (const size_t t : part) truth.push_back(truth_[t].front());
      metrics = TRY(ComputeMetrics(probabilities, truth, labels_, options));
    }
    return CalibrationFigures{.nll = metrics.nll.value_or(0),
                              .ece = metrics.ece.value_or(0),
                              .adaptive_ece = metrics.adaptive_ece.value_or(0),
                              .brier = metrics.brier.value_or(0)};
  }

  Result<void> ChooseThresholds() {
    Thresholds& thresholds = manifest_.thresholds;
    thresholds = {};
    FprPromise promise{.max_fpr = *options_.max_fpr,
                       .confidence = options_.confidence,
                       .texts = std::numeric_limits<int64_t>::max(),
                       .source = texts_.source,
                       .weights = texts_.weights};
    for (size_t k = 0; k < labels_.size(); ++k) {
      if (!multi_label_ && static_cast<int32_t>(k) != texts_.positive_label) continue;
      const std::vector<float> legitimate = LegitimateScores(k);
      Result<FprThresholds> found = ThresholdsForFpr(legitimate, *options_.max_fpr, options_.confidence);
      if (!found)
        return std::unexpected(
            Error{found.error().code, labels_[k] + ": " + found.error().message, found.error().hint});
      Chosen& chosen = chosen_.emplace_back(labels_[k], std::move(*found), legitimate.size());
      const ModeThresholds modes = chosen.thresholds.modes();
      for (const Mode mode : kModes) {
        chosen.reached[static_cast<size_t>(mode)] =
            std::ranges::count_if(legitimate, [&](float score) { return score >= modes.At(mode); });
      }
      for (const std::string& note : chosen.thresholds.notes) Note(labels_[k] + ": " + note);
      promise.texts = std::min(promise.texts, static_cast<int64_t>(legitimate.size()));
      promise.lenient_max_fpr = std::max(promise.lenient_max_fpr, chosen.thresholds.lenient.max_fpr);
      // A float's own value as a double: it reads back as the same float.
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
    thresholds.promise = std::move(promise);
    return {};
  }

  /// The scores of the texts that are not of the label.
  std::vector<float> LegitimateScores(size_t label) const {
    std::vector<float> scores;
    for (const size_t t : parts_.thresholds) {
      if (std::ranges::find(truth_[t], static_cast<int32_t>(label)) != truth_[t].end()) continue;
      const auto row = std::span(probabilities_).subspan(t * labels_.size(), labels_.size());
      scores.push_back(multi_label_ ? row[label] : PositiveScore(row, static_cast<int32_t>(label)));
    }
    return scores;
  }

  /// Thresholds that --tune-thresholds chose were of the former probabilities.
  void Retune() {
    Note("thresholds of labels are tuned again: those with the best F1 on these texts");
    const std::vector<float> thresholds = BestF1Thresholds(probabilities_, truth_, labels_.size());
    manifest_.thresholds.labels.clear();
    for (size_t k = 0; k < labels_.size(); ++k) {
      manifest_.thresholds.labels[labels_[k]] = std::round(static_cast<double>(thresholds[k]) * 1e4) / 1e4;
    }
  }

  Result<void> ChooseAbstention() {
    Manifest plain = manifest_;
    plain.abstain.reset();
    const DecisionRule rule = TRY(DecisionRule::Of(plain, labels_, multi_label_, "calibration"));
    Abstention abstain{.max_error = *options_.max_error,
                       .texts = static_cast<int64_t>(parts_.abstain.size()),
                       .source = texts_.source,
                       .weights = texts_.weights};
    const std::array below = {&abstain.strict, &abstain.moderate, &abstain.lenient};
    for (const Mode mode : kModes) {
      std::vector<float> confidence;
      std::vector<uint8_t> wrong;
      for (const size_t t : parts_.abstain) {
        const Decision decision =
            rule.Decide(std::span(probabilities_).subspan(t * labels_.size(), labels_.size()), {.mode = mode});
        confidence.push_back(decision.confidence);
        wrong.push_back((multi_label_ ? decision.labels != truth_[t] : decision.label != truth_[t].front()) ? 1 : 0);
      }
      const auto at = static_cast<size_t>(mode);
      abstentions_[at] = TRY(AbstainForError(confidence, wrong, *options_.max_error));
      *below[at] = static_cast<double>(abstentions_[at].below);
    }
    manifest_.abstain = std::move(abstain);
    return {};
  }

  void TellParts() {
    if (!parts_.thresholds_apart && !parts_.abstain_apart) return;
    std::string told = fmt::format("texts were dealt out by chance, so that no choice sees those of another: {} for {}",
                                   parts_.fit.size(), options_.Method() ? "calibration" : "thresholds");
    if (options_.Method() && options_.max_fpr && !parts_.thresholds_apart) told += " and thresholds";
    if (parts_.thresholds_apart) told += fmt::format(", {} for thresholds", parts_.thresholds.size());
    if (parts_.abstain_apart) told += fmt::format(", {} for abstention", parts_.abstain.size());
    Note(std::move(told));
  }

  std::string CalibrationLine() const {
    const Calibration calibration = CalibrationOf(manifest_);
    if (calibration.method == CalibrationMethod::kVector) return "vector scaling: a scale and a bias for each label";
    if (calibration.method == CalibrationMethod::kIsotonic) return "isotonic: a curve for each label";
    if (calibration.temperatures.empty()) return fmt::format("temperature {:.2f}", calibration.temperature);
    std::string line = "temperatures";
    constexpr size_t kShown = 12;
    for (size_t k = 0; k < std::min(labels_.size(), kShown); ++k)
      line += fmt::format("{} {} {:.2f}", k == 0 ? "" : ",", ShownName(labels_[k], 28), calibration.temperatures[k]);
    if (labels_.size() > kShown) line += fmt::format(" and {} more", labels_.size() - kShown);
    return line;
  }

  std::string FiguresText() const {
    TextTable table;
    table.Add(was_calibrated_ ? std::vector<std::string>{"", "uncalibrated", "as it was", "now"}
                              : std::vector<std::string>{"", "before", "after"});
    const auto add = [&](const char* name, double CalibrationFigures::*figure) {
      std::vector<std::string> row = {name, FigureText(before_.*figure)};
      if (was_calibrated_) row.push_back(FigureText(was_.*figure));
      row.push_back(FigureText(after_.*figure));
      table.Add(row);
    };
    add("nll", &CalibrationFigures::nll);
    add("ece", &CalibrationFigures::ece);
    add("adaptive_ece", &CalibrationFigures::adaptive_ece);
    add("brier", &CalibrationFigures::brier);
    return table.Text() + "  " + measured_ + "\n";
  }

  std::string ThresholdsText() const {
    if (chosen_.empty()) return {};
    TextTable table;
    table.Add({"thresholds", "strict", "moderate", "lenient"});
    for (const Chosen& chosen : chosen_) {
      const FprThresholds& t = chosen.thresholds;
      table.Add({ShownName(chosen.label, 28), fmt::format("{:.5f}", t.strict.threshold),
                 fmt::format("{:.5f}", t.moderate.threshold), fmt::format("{:.5f}", t.lenient.threshold)});
      table.Add({"  promised fpr", fmt::format("{:.2g}", t.strict.max_fpr), fmt::format("{:.2g}", t.moderate.max_fpr),
                 fmt::format("{:.2g}", t.lenient.max_fpr)});
      const auto reached = [&](size_t mode) {
        return fmt::format("{} of {}", chosen.reached[mode], chosen.legitimate);
      };
      table.Add({"  legitimate texts that reach it", reached(0), reached(1), reached(2)});
    }
    return "\n" + table.Text() +
           fmt::format("  each with {:.4g} % confidence, for texts like these\n", 100 * options_.confidence);
  }

  std::string AbstentionText() const {
    if (!options_.max_error) return {};
    TextTable table;
    table.Add({"abstention", "strict", "moderate", "lenient"});
    const auto row = [&](const char* name, const std::function<std::string(const AbstentionThreshold&)>& cell) {
      table.Add({name, cell(abstentions_[0]), cell(abstentions_[1]), cell(abstentions_[2])});
    };
    row("unsure below", [](const auto& a) { return fmt::format("{:.5f}", a.below); });
    row("unsure", [](const auto& a) { return fmt::format("{} of {}", a.abstained, a.texts); });
    row("wrong before", [](const auto& a) { return fmt::format("{} of {}", a.wrong_before, a.texts); });
    row("wrong and answered", [](const auto& a) { return fmt::format("{} of {}", a.wrong_answered, a.texts); });
    return "\n" + table.Text() +
           fmt::format("  at most {} of all texts to come are wrong and answered, on average over such calibrations\n",
                       *options_.max_error);
  }

  CalibrationReport Report() {
    CalibrationReport report;
    report.line = CalibrationLine();
    report.notes = notes_;
    report.text = fmt::format("On {} held-out texts ({}), answered by {} weights:\n\n", truth_.size(), texts_.source,
                              texts_.weights) +
                  FiguresText() + "  " + report.line + "\n" + ThresholdsText() + AbstentionText();
    for (const std::string& note : notes_) report.text += "note: " + ShownName(note, note.size()) + "\n";
    Json manifest = Json::object();
    WriteCalibration(manifest_, manifest);
    report.json = {{"texts", truth_.size()}, {"source", texts_.source}, {"weights", texts_.weights}};
    report.json["temperature"] = manifest["temperature"];
    report.json["measured"] = measured_;
    const auto figures = [](const CalibrationFigures& f) -> Json {
      return {{"nll", f.nll}, {"ece", f.ece}, {"adaptive_ece", f.adaptive_ece}, {"brier", f.brier}};
    };
    report.json["figures"] = {
        {"uncalibrated", figures(before_)}, {"as_it_was", figures(was_)}, {"now", figures(after_)}};
    for (const char* name : {"calibration", "thresholds", "abstain"}) {
      if (manifest.contains(name)) report.json[name] = manifest[name];
    }
    report.json["notes"] = notes_;
    return report;
  }

  void Note(std::string note) { notes_.push_back(std::move(note)); }

  std::vector<float> LogitsAt(const Indices& part) const {
    std::vector<float> logits;
    logits.reserve(part.size() * labels_.size());
    for (const size_t t : part) {
      const auto row = std::span(texts_.logits).subspan(t * labels_.size(), labels_.size());
      logits.insert(logits.end(), row.begin(), row.end());
    }
    return logits;
  }
  LabelIds TruthAt(const Indices& part) const {
    LabelIds truth;
    truth.reserve(part.size());
    for (const size_t t : part) truth.push_back(truth_[t]);
    return truth;
  }
  std::vector<float> Probabilities(const Calibration& calibration, const Indices& part) const {
    std::vector<float> probabilities = LogitsAt(part);
    Calibrate(calibration, probabilities, labels_.size(), multi_label_, probabilities);
    return probabilities;
  }

  const HeldOutTexts& texts_;
  CalibrationOptions options_;
  Manifest& manifest_;
  const std::vector<std::string>& labels_;
  const bool multi_label_;
  const LabelIds truth_;

  CalibrationParts parts_;
  bool retune_ = false, was_calibrated_ = false;
  CalibrationFigures before_, was_, after_;
  std::string measured_;
  std::vector<float> probabilities_;
  std::vector<Chosen> chosen_;
  std::array<AbstentionThreshold, 3> abstentions_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<CalibrationReport> CalibrateManifest(const HeldOutTexts& texts, CalibrationOptions options, Manifest& manifest) {
  return Calibrator(texts, options, manifest).Run();
}

}  // namespace winnow
