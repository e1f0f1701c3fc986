#include "doctor/out_of_fold.h"

#include <algorithm>
#include <string_view>

#include "base/interrupt.h"
#include "decide/probabilities.h"
#include "evaluate/strata.h"

namespace winnow {
namespace {

/// Stands for each group once, and for each text of a group that is too large to be kept together.
struct Representatives {
  Dataset dataset;                         // of labels alone
  std::vector<std::vector<size_t>> texts;  // [representatives]
};

Representatives RepresentativesOf(const Dataset& dataset, std::span<const size_t> group_of, int folds) {
  std::vector<std::vector<size_t>> groups(group_of.size());
  for (size_t t = 0; t < group_of.size(); ++t) groups[group_of[t]].push_back(t);
  // Half a fold: with more of them in one fold the others would lack what the group has most of.
  const size_t most = std::max<size_t>(group_of.size() / (2 * static_cast<size_t>(folds)), 1);
  Representatives made;
  made.dataset.labels = dataset.labels;
  made.dataset.multi_label = dataset.multi_label;
  const auto add = [&](std::vector<size_t> texts) {
    Example& example = made.dataset.examples.emplace_back();
    example.labels = dataset.examples[texts.front()].labels;
    made.texts.push_back(std::move(texts));
  };
  for (std::vector<size_t>& group : groups) {
    if (group.size() > most) {
      for (const size_t t : group) add({t});
    } else if (!group.empty()) {
      add(std::move(group));
    }
  }
  return made;
}

Result<void> JudgeFold(const Dataset& dataset, const std::vector<char>& held_out,
                       const LinearTrainingOptions& configuration, ThreadPool& pool,
                       std::vector<float>& probabilities) {
  const size_t labels = dataset.labels.size();
  std::vector<std::string_view> train;
  std::vector<std::vector<int32_t>> truth;
  std::vector<std::string_view> judged;
  std::vector<size_t> places;
  for (size_t t = 0; t < held_out.size(); ++t) {
    const Example& example = dataset.examples[t];
    if (held_out[t] != 0) {
      judged.push_back(example.text);
      places.push_back(t);
    } else {
      train.push_back(example.text);
      truth.push_back(example.labels);
    }
  }
  const LinearLabels linear_labels{.ids = truth, .labels = labels, .multi_label = dataset.multi_label};
  const LinearModel model = TRY(TrainLinear(train, linear_labels, configuration, pool));
  std::vector<float> logits(judged.size() * labels);
  model.Logits(judged, pool, logits);
  if (dataset.multi_label) {
    Sigmoid(logits, 1, logits);
  } else {
    Softmax(logits, static_cast<int>(labels), 1, logits);
  }
  for (size_t i = 0; i < places.size(); ++i) {
    std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(i * labels), labels,
                probabilities.begin() + static_cast<std::ptrdiff_t>(places[i] * labels));
  }
  return {};
}

}  // namespace

LinearTrainingOptions DoubtConfiguration() {
  LinearTrainingOptions configuration;
  configuration.features = {.analyzer = Analyzer::kBoth,
                            .min_ngram = 1,
                            .max_ngram = 2,
                            .min_char_ngram = 2,
                            .max_char_ngram = 5,
                            .max_features = 50000,
                            .sublinear = true,
                            .lowercase = true};
  configuration.solver.kind = LinearKind::kLogisticOneVsRest;
  configuration.solver.C = 3;
  // The order of doubts is settled long before the weights are.
  configuration.solver.tolerance = 1e-2;
  configuration.solver.max_iterations = 100;
  return configuration;
}

Result<std::vector<float>> OutOfFoldProbabilities(const Dataset& dataset, std::span<const size_t> group_of, int folds,
                                                  uint64_t seed, const LinearTrainingOptions& configuration,
                                                  ThreadPool& pool, const std::function<void()>& done) {
  const Representatives made = RepresentativesOf(dataset, group_of, folds);
  const std::vector<std::vector<size_t>> dealt = TRY(StratifiedFolds(made.dataset, folds, seed));
  std::vector<float> probabilities(dataset.examples.size() * dataset.labels.size());
  for (const std::vector<size_t>& fold : dealt) {
    TRY(CheckInterrupted());
    std::vector<char> held_out(dataset.examples.size(), 0);
    for (const size_t r : fold) {
      for (const size_t t : made.texts[r]) held_out[t] = 1;
    }
    TRY(JudgeFold(dataset, held_out, configuration, pool, probabilities));
    if (done) done();
  }
  return probabilities;
}

}  // namespace winnow
