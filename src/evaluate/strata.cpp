#include "evaluate/strata.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include "data/random.h"

namespace winnow {
namespace {

/// Returns the texts of each label, shuffled.
std::vector<std::vector<size_t>> ShuffledByLabel(const Dataset& dataset, SplitMix64& random) {
  std::vector<std::vector<size_t>> by_label(dataset.labels.size());
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    for (const int32_t id : dataset.examples[i].labels) by_label[static_cast<size_t>(id)].push_back(i);
  }
  for (std::vector<size_t>& texts : by_label) random.Shuffle(std::span(texts));
  return by_label;
}

class FoldDealer {
 public:
  FoldDealer(const Dataset& dataset, size_t folds, uint64_t seed)
      : dataset_(dataset),
        folds_(folds),
        random_(seed),
        by_label_(ShuffledByLabel(dataset, random_)),
        fold_of_(dataset.examples.size(), folds),
        wish_(folds, static_cast<int64_t>(dataset.examples.size())) {
    for (const std::vector<size_t>& texts : by_label_) {
      left_.push_back(texts.size());
      label_wish_.emplace_back(folds, static_cast<int64_t>(texts.size()));
    }
  }

  std::vector<std::vector<size_t>> Deal() {
    for (size_t label = Rarest(); label < by_label_.size(); label = Rarest()) {
      for (const size_t i : by_label_[label]) {
        if (fold_of_[i] == folds_) Assign(i, label_wish_[label]);
      }
    }
    std::vector<size_t> without_label;
    for (size_t i = 0; i < fold_of_.size(); ++i) {
      if (fold_of_[i] == folds_) without_label.push_back(i);
    }
    random_.Shuffle(std::span(without_label));
    for (const size_t i : without_label) Assign(i, wish_);
    std::vector<std::vector<size_t>> folds(folds_);
    for (size_t i = 0; i < fold_of_.size(); ++i) folds[fold_of_[i]].push_back(i);
    return folds;
  }

 private:
  /// Returns the rarest label among the texts without a fold, or the number of labels if every text has a fold.
  size_t Rarest() const {
    size_t rarest = left_.size();
    for (size_t label = 0; label < left_.size(); ++label) {
      if (left_[label] > 0 && (rarest == left_.size() || left_[label] < left_[rarest])) rarest = label;
    }
    return rarest;
  }

  /// Assigns text `i` to the fold that lacks most texts of the label; of several such folds, to the one that lacks most
  /// texts of any label.
  void Assign(size_t i, const std::vector<int64_t>& wish) {
    size_t best = 0;
    for (size_t fold = 1; fold < folds_; ++fold) {
      if (std::pair(wish[fold], wish_[fold]) > std::pair(wish[best], wish_[best])) best = fold;
    }
    fold_of_[i] = best;
    // Wishes are in units of a text's part of all folds, so that they stay whole numbers.
    const auto text = static_cast<int64_t>(folds_);
    wish_[best] -= text;
    for (const int32_t id : dataset_.examples[i].labels) {
      label_wish_[static_cast<size_t>(id)][best] -= text;
      --left_[static_cast<size_t>(id)];
    }
  }

  const Dataset& dataset_;
  const size_t folds_;
  SplitMix64 random_;
  std::vector<std::vector<size_t>> by_label_;
  std::vector<size_t> fold_of_;
  std::vector<size_t> left_;  // of each label
  std::vector<std::vector<int64_t>> label_wish_;
  std::vector<int64_t> wish_;
};

}  // namespace

Result<std::vector<std::vector<size_t>>> StratifiedFolds(const Dataset& dataset, int folds, uint64_t seed) {
  if (folds < 2) {
    return Fail(ErrorCode::kInvalidArgument, std::to_string(folds) + " folds are too few", "use 5 or 10 folds");
  }
  if (dataset.examples.size() < static_cast<size_t>(folds)) {
    return Fail(ErrorCode::kInvalidData,
                std::to_string(dataset.examples.size()) + " texts are too few for " + std::to_string(folds) + " folds",
                "add texts or reduce the number of folds");
  }
  return FoldDealer(dataset, static_cast<size_t>(folds), seed).Deal();
}

std::vector<size_t> StratifiedOrder(const Dataset& dataset, uint64_t seed) {
  const size_t labels = dataset.labels.size();
  std::vector<size_t> counts(labels, 0);
  for (const Example& example : dataset.examples) {
    for (const int32_t id : example.labels) ++counts[static_cast<size_t>(id)];
  }
  // Texts without a label are a class of their own, the last.
  std::vector<std::vector<size_t>> classes(labels + 1);
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    size_t rarest = labels;
    for (const int32_t id : dataset.examples[i].labels) {
      const auto label = static_cast<size_t>(id);
      if (rarest == labels || counts[label] < counts[rarest]) rarest = label;
    }
    classes[rarest].push_back(i);
  }
  SplitMix64 random(seed);
  std::vector<std::tuple<double, uint64_t, size_t>> places;  // the number decides among equal ones
  for (std::vector<size_t>& texts : classes) {
    random.Shuffle(std::span(texts));
    for (size_t i = 0; i < texts.size(); ++i) {
      const double place = (static_cast<double>(i) + 0.5) / static_cast<double>(texts.size());
      places.emplace_back(place, random.Next(), texts[i]);
    }
  }
  std::ranges::sort(places);
  std::vector<size_t> order;
  order.reserve(places.size());
  for (const auto& place : places) order.push_back(std::get<2>(place));
  return order;
}

Dataset PartOf(const Dataset& dataset, const std::vector<size_t>& indices) {
  Dataset part;
  part.labels = dataset.labels;
  part.multi_label = dataset.multi_label;
  part.examples.reserve(indices.size());
  for (const size_t i : indices) part.examples.push_back(dataset.examples[i]);
  return part;
}

}  // namespace winnow
