#include "pipeline/linear_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/random.h"
#include "decide/label_thresholds.h"
#include "decide/probabilities.h"
#include "evaluate/metrics.h"
#include "linear/held_out_scores.h"
#include "linear/linear_model.h"
#include "train/class_weights.h"

namespace winnow {
namespace {

constexpr std::array kGrid = {0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0};
// Indices of 1, 10 and 3, the usual optima of TF-IDF features. Platt scaling takes back what a large C exaggerates.
constexpr size_t kStartOfSvm = 2, kStartOfScaledLogistic = 4, kStartOfLogistic = 3;
constexpr size_t kStride = 2;  // the walk's, in indices of the grid

constexpr size_t kFewestRows = 10;
constexpr size_t kMostRows = 20'000;
constexpr size_t kMostScores = 1'000'000;  // rows times labels
// Few rows need many folds for a choice that does not depend on chance; of many, three find it in less time.
constexpr size_t kRowsOfTenFolds = 2'000, kRowsOfFiveFolds = 5'000;

// What a setting has to gain over a simpler one, since cross-validation is not exact.
constexpr double kGainOfBalanced = 0.005;
constexpr double kGainOfOneVsRest = 0.001;
constexpr double kGainPerDecade = 0.003;  // of C's distance from the usual one

constexpr size_t kJackknifeGroups = 20;

// A comparison of metrics needs no exact optimum.
constexpr double kTolerance = 1e-3;
constexpr int kMostPasses = 40;

size_t StartOf(const LinearChoiceOptions& options) {
  return options.kind == LinearKind::kSvm ? kStartOfSvm : options.platt ? kStartOfScaledLogistic : kStartOfLogistic;
}
double UsualC(const LinearChoiceOptions& options) { return kGrid[StartOf(options)]; }
/// Each label's own regression has the two labels of a scaled one.
constexpr double kUsualCOfOneVsRest = kGrid[kStartOfScaledLogistic];

/// The rows that the cross-validation uses, with their labels.
struct Sample {
  std::vector<size_t> indices;
  SparseRows rows;
  std::vector<std::vector<int32_t>> truth;
  std::vector<float> weights;  // with class weights; single-label only
};

/// The weight of each row by its label.
std::vector<float> WeightsByLabel(std::span<const int32_t> labels, size_t classes,
                                  std::span<const float> class_weights) {
  const std::vector<float> balanced =
      class_weights.empty() ? BalancedClassWeights(labels, classes) : std::vector<float>();
  if (class_weights.empty()) class_weights = balanced;
  std::vector<float> weights;
  for (const int32_t label : labels) weights.push_back(class_weights[static_cast<size_t>(label)]);
  return weights;
}

Sample SampleOf(const SparseRows& rows, const Dataset& train, size_t count, const LinearChoiceOptions& options) {
  Sample sample;
  sample.indices.resize(count);
  std::iota(sample.indices.begin(), sample.indices.end(), size_t{0});
  const size_t most = std::min(kMostRows, std::max<size_t>(kMostScores / train.labels.size(), 1000));
  if (count > most) {
    Random(options.seed, "linear choice").Shuffle(sample.indices);
    sample.indices.resize(most);
    std::ranges::sort(sample.indices);
  }
  sample.rows.num_columns = rows.num_columns;
  std::vector<int32_t> first;
  for (const size_t row : sample.indices) {
    const auto columns = rows.columns_of(row);
    const auto values = rows.values_of(row);
    sample.rows.columns.insert(sample.rows.columns.end(), columns.begin(), columns.end());
    sample.rows.values.insert(sample.rows.values.end(), values.begin(), values.end());
    sample.rows.begins.push_back(sample.rows.columns.size());
    sample.truth.push_back(train.examples[row].labels);
    if (!train.multi_label) first.push_back(train.examples[row].labels.front());
  }
  if (train.multi_label) return sample;
  sample.weights = WeightsByLabel(first, train.labels.size(), options.class_weights);
  return sample;
}

/// Fits candidates in rounds, and keeps the scores of the best one.
class Search {
 public:
  Search(const Sample& sample, const Dataset& train, const LinearChoiceOptions& options, bool higher_is_better,
         ThreadPool& pool, TrainingObserver& observer)
      : sample_(sample),
        train_(train),
        options_(options),
        sign_(higher_is_better ? 1.0 : -1.0),
        pool_(pool),
        observer_(observer),
        kind_(options.kind) {
    choice_.kind = options.kind;
    choice_.rows = sample.indices;
    const size_t rows = sample.indices.size();
    choice_.folds = rows > kRowsOfFiveFolds ? 3 : rows > kRowsOfTenFolds ? 5 : 10;  // there are at least ten rows
    if (options.weighted) weights_ = {*options.weighted};
    // Equal weights of all rows are the weights of none.
    const auto [least, most] = std::ranges::minmax_element(sample.weights);
    if (!options.weighted && (sample.weights.empty() || *most < 1.2F * *least)) weights_ = {false};
  }

  Result<LinearChoice> Run() {
    if (options_.C) {
      TRY(Fit({*options_.C}));
      TRY(ChooseWeights());
    } else {
      TRY(Walk());
    }
    Best& best = *best_[weights_.front()];
    choice_.kind = best.candidate.kind;
    choice_.C = best.candidate.C;
    choice_.weighted = best.candidate.weighted;
    choice_.scores = std::move(best.scores);
    return std::move(choice_);
  }

 private:
  /// The best candidate without or with class weights. `merit` is its metric without the gain that it needs;
  /// higher is better.
  struct Best {
    double merit = 0;
    LinearCandidate candidate;
    std::vector<float> scores;
  };

  /// The better one of the best candidates; of equals the one without weights.
  const Best& Leader() const {
    if (!best_[0] || !best_[1]) return best_[0] ? *best_[0] : *best_[1];
    return best_[1]->merit > best_[0]->merit ? *best_[1] : *best_[0];
  }

  /// Walks from the start to better values in long strides, then tries one step to either side of the best one.
  Result<void> Walk() {
    size_t at = StartOf(options_);
    std::set<size_t> seen;
    const auto fit = [&](std::vector<size_t> indices) -> Result<void> {
      std::vector<double> values;
      for (const size_t i : indices) {
        if (i < kGrid.size() && seen.insert(i).second) values.push_back(kGrid[i]);
      }
      if (!values.empty()) TRY(Fit(values));
      const Best& best = weights_.size() == 1 ? *best_[weights_.front()] : Leader();
      at = static_cast<size_t>(std::ranges::find(kGrid, best.candidate.C) - kGrid.begin());
      return {};
    };
    const auto walk = [&]() -> Result<void> {
      for (size_t before = kGrid.size(); std::exchange(before, at) != at;) {
        TRY(fit({at - std::min(at, kStride), at + kStride}));
      }
      return {};
    };
    TRY(fit({at - kStride, at, at + kStride}));
    TRY(walk());
    TRY(ChooseWeights());
    TRY(fit({}));
    TRY(walk());
    TRY(fit({at - std::min<size_t>(at, 1), at + 1}));
    return options_.may_use_one_vs_rest ? TryOneVsRest() : Result<void>();
  }

  Result<void> TryOneVsRest() {
    kind_ = LinearKind::kLogisticOneVsRest;
    TRY(Fit({kUsualCOfOneVsRest}));
    if (best_[weights_.front()]->candidate.kind != kind_) return {};
    return Fit({kGrid[kStartOfScaledLogistic - 1], kGrid[kStartOfScaledLogistic + 1]});
  }

  /// Adds all weights with each of the values of C to the candidates.
  Result<void> Fit(const std::vector<double>& values) {
    if (observer_.Cancelled()) return Fail(ErrorCode::kCancelled, "stopped during the choice of C");
    std::vector<LinearCandidate> candidates;
    std::vector<SolverOptions> solvers;
    for (const bool weighted : weights_) {
      for (const double C : values) {
        candidates.push_back({.kind = kind_, .C = C, .weighted = weighted});
        solvers.push_back({.kind = kind_,
                           .C = C,
                           .row_weights = weighted ? sample_.weights : std::vector<float>(),
                           .tolerance = kTolerance,
                           .max_iterations = kMostPasses,
                           .newton = false});
      }
    }
    std::vector<std::vector<float>> scores =
        TRY(HeldOutScores(sample_.rows, Truth(), solvers, choice_.folds, options_.seed, pool_));
    for (size_t i = 0; i < candidates.size(); ++i) {
      LinearCandidate& candidate = candidates[i];
      candidate.metric = TRY(MetricOf(ProbabilitiesOf(scores[i]), sample_.truth));
      const double merit = sign_ * candidate.metric - NeededGain(candidate);
      std::optional<Best>& best = best_[candidate.weighted];
      if (!best || merit > best->merit) best = Best{merit, candidate, std::move(scores[i])};
      choice_.tried.push_back(candidate);
    }
    return {};
  }

  /// Decides for or against balanced class weights, if both were tried. Chance makes one of them look better: balanced
  /// weights must lead by their needed gain and by more than one standard error (the rule of Breiman et al. 1984).
  Result<void> ChooseWeights() {
    if (weights_.size() == 1) return {};
    const Best &plain = *best_[0], &balanced = *best_[1];
    bool better = balanced.merit > plain.merit;
    if (better) {
      const double gain = sign_ * (balanced.candidate.metric - plain.candidate.metric);
      better = gain > TRY(StandardErrorOfGain(plain.scores, balanced.scores));
      if (!better) choice_.refused_balanced = balanced.candidate.metric;
    }
    weights_ = {better};
    return {};
  }

  /// The standard error of the difference of the metrics of two candidates on these texts: the jackknife over groups of
  /// texts, each of which is left out once for both candidates (Efron, Tibshirani 1993, chapter 11).
  Result<double> StandardErrorOfGain(const std::vector<float>& first, const std::vector<float>& second) {
    const size_t rows = sample_.truth.size(), labels = train_.labels.size();
    const std::vector<float> of_first = ProbabilitiesOf(first), of_second = ProbabilitiesOf(second);
    std::vector<size_t> order(rows);
    std::iota(order.begin(), order.end(), size_t{0});
    Random(options_.seed, "groups of texts").Shuffle(order);
    const size_t groups = std::min(kJackknifeGroups, rows);
    std::vector<double> gains;
    for (size_t group = 0; group < groups; ++group) {
      std::vector<std::vector<int32_t>> truth;
      std::vector<float> kept_first, kept_second;
      for (size_t i = 0; i < rows; ++i) {
        if (i % groups == group) continue;
        const auto begin = static_cast<std::ptrdiff_t>(order[i] * labels),
                   end = begin + static_cast<std::ptrdiff_t>(labels);
        truth.push_back(sample_.truth[order[i]]);
        kept_first.insert(kept_first.end(), of_first.begin() + begin, of_first.begin() + end);
        kept_second.insert(kept_second.end(), of_second.begin() + begin, of_second.begin() + end);
      }
      gains.push_back(TRY(MetricOf(kept_second, truth)) - TRY(MetricOf(kept_first, truth)));
    }
    const auto count = static_cast<double>(groups);
    const double mean = std::accumulate(gains.begin(), gains.end(), 0.0) / count;
    double squares = 0;
    for (const double gain : gains) squares += (gain - mean) * (gain - mean);
    return std::sqrt((count - 1) / count * squares);
  }

  double NeededGain(const LinearCandidate& candidate) const {
    const bool other_kind = candidate.kind != options_.kind;
    const double usual = other_kind ? kUsualCOfOneVsRest : UsualC(options_);
    return kGainPerDecade * std::abs(std::log10(candidate.C / usual)) + (candidate.weighted ? kGainOfBalanced : 0) +
           (other_kind ? kGainOfOneVsRest : 0);
  }

  LinearLabels Truth() const {
    return {.ids = sample_.truth, .labels = train_.labels.size(), .multi_label = train_.multi_label};
  }

  /// The probabilities [texts, labels] that a model with these scores gives. Platt's scale is that of the texts as they
  /// are, also for candidates with class weights, as in the training that follows.
  std::vector<float> ProbabilitiesOf(const std::vector<float>& scores) const {
    const size_t labels = train_.labels.size(), outputs = scores.size() / sample_.truth.size();
    const std::vector<PlattScale> platt =
        options_.platt ? PlattScalesOf(scores, Truth(), pool_) : std::vector<PlattScale>();
    std::vector<float> probabilities(sample_.truth.size() * labels);
    for (size_t row = 0; row < sample_.truth.size(); ++row) {
      LogitsOfScores(kind_, train_.multi_label, platt, std::span(scores).subspan(row * outputs, outputs),
                     std::span(probabilities).subspan(row * labels, labels));
    }
    if (train_.multi_label) {
      Sigmoid(probabilities, 1, probabilities);
    } else {
      Softmax(probabilities, static_cast<int>(labels), 1, probabilities);
    }
    return probabilities;
  }

  /// The metric of the decisions about texts with these probabilities.
  Result<double> MetricOf(const std::vector<float>& probabilities,
                          const std::vector<std::vector<int32_t>>& truth) const {
    const size_t labels = train_.labels.size();
    std::vector<std::vector<int32_t>> decided;
    if (train_.multi_label && options_.tune_thresholds) {
      const std::vector<float> thresholds = BestF1Thresholds(probabilities, truth, labels);
      decided.resize(truth.size());
      for (size_t i = 0; i < probabilities.size(); ++i) {
        if (probabilities[i] >= thresholds[i % labels]) decided[i / labels].push_back(static_cast<int32_t>(i % labels));
      }
    }
    const MetricsOptions options{.positive_label = options_.positive_label,
                                 .bootstrap_resamples = 0,
                                 .ranking = CanonicalMetricName(options_.metric) == "roc_auc"};
    const Metrics metrics =
        TRY(ComputeMetricsOfSets(probabilities, truth, train_.labels.names, train_.multi_label, options, decided));
    return MetricByName(metrics, options_.metric);
  }

  const Sample& sample_;
  const Dataset& train_;
  const LinearChoiceOptions& options_;
  const double sign_;
  ThreadPool& pool_;
  TrainingObserver& observer_;
  LinearKind kind_;  // of the candidates that are fitted now
  std::vector<bool> weights_ = {false, true};
  std::array<std::optional<Best>, 2> best_;  // without and with class weights
  LinearChoice choice_;
};

const char* NameOfWeights(bool weighted, const LinearChoiceOptions& options) {
  return !weighted ? "none" : options.class_weights.empty() ? "balanced" : "as given";
}

}  // namespace

std::string LinearChoice::Line(const LinearChoiceOptions& options) const {
  if (tried.empty()) return "";
  const auto best = std::ranges::find_if(
      tried, [&](const LinearCandidate& c) { return c.kind == kind && c.C == C && c.weighted == weighted; });
  const bool one_vs_rest = kind != options.kind;
  const char* const weights = NameOfWeights(weighted, options);
  std::string line = fmt::format(
      "C {} and class weights {}{}: the best of {} settings in {}-fold cross-validation on the training texts ({} "
      "{:.4f}); to reproduce: --C {} --class-weights {}{}{}",
      C, weights, one_vs_rest ? ", one-vs-rest" : "", tried.size(), folds, options.metric, best->metric, C,
      options.class_weights.empty() ? weights : "FILE",
      options.platt && options.kind != LinearKind::kSvm ? " --platt" : "", one_vs_rest ? " --one-vs-rest" : "");
  if (refused_balanced) {
    line +=
        fmt::format("; balanced class weights reach {} {:.4f}, which may be chance", options.metric, *refused_balanced);
  }
  return line;
}

Json LinearChoice::ToJson(const LinearChoiceOptions& options) const {
  Json json = {{"folds", folds}, {"metric", options.metric}};
  Json& settings = json["settings"] = Json::array();
  for (const LinearCandidate& candidate : tried) {
    Json setting = {{"C", candidate.C},
                    {"class_weights", NameOfWeights(candidate.weighted, options)},
                    {options.metric, std::round(candidate.metric * 1e4) / 1e4}};
    if (candidate.kind != options.kind) setting["one_vs_rest"] = true;
    settings.push_back(std::move(setting));
  }
  return json;
}

std::vector<float> WeightsOfRows(const Dataset& set, std::span<const float> class_weights) {
  std::vector<int32_t> labels;
  for (const Example& example : set.examples) labels.push_back(example.labels.front());
  return WeightsByLabel(labels, set.labels.size(), class_weights);
}

Result<LinearChoice> ChooseLinear(const SparseRows& rows, const Dataset& train, size_t count,
                                  const LinearChoiceOptions& options, ThreadPool& pool, TrainingObserver& observer) {
  const bool open = !options.C || !options.weighted;
  LinearChoice given{
      .kind = options.kind, .C = options.C.value_or(UsualC(options)), .weighted = options.weighted.value_or(false)};
  if (count < kFewestRows || (!open && !train.multi_label)) return given;
  const Sample sample = SampleOf(rows, train, count, options);
  const bool higher = TRY(HigherIsBetter(options.metric));
  LinearChoice choice = TRY(Search(sample, train, options, higher, pool, observer).Run());
  if (!open) choice.tried.clear();
  return choice;
}

}  // namespace winnow
