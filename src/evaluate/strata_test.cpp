#include "evaluate/strata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "support/example_dataset.h"

namespace winnow {
namespace {

Dataset Make(const std::vector<size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> labels;
  for (const size_t count : counts) labels.emplace_back("label " + std::to_string(labels.size()), count);
  return DatasetOfCounts(labels);
}

/// Texts with 0 to 3 of `labels` labels.
Dataset MakeMultiLabel(size_t texts, size_t labels) {
  Dataset dataset = Make(std::vector<size_t>(labels, 0));
  dataset.multi_label = true;
  for (size_t t = 0; t < texts; ++t) {
    std::set<int32_t> of_text;
    for (size_t i = 0; i < t % 4; ++i) of_text.insert(static_cast<int32_t>((t * t + 3 * i * t + i) % (1 + t % labels)));
    dataset.examples.push_back({"text " + std::to_string(t), {of_text.begin(), of_text.end()}, "f", t + 1});
  }
  return dataset;
}

size_t Count(const Dataset& dataset, const std::vector<size_t>& indices, int32_t label) {
  return static_cast<size_t>(std::ranges::count_if(indices, [&](size_t i) {
    const auto& labels = dataset.examples[i].labels;
    return std::ranges::find(labels, label) != labels.end();
  }));
}

TEST(Folds, HoldEveryTextOnceAndEveryLabelInProportion) {
  const Dataset single = Make({700, 297, 23, 7, 3, 1});
  const Dataset multi = MakeMultiLabel(500, 6);
  for (const Dataset* dataset : {&single, &multi}) {
    for (const int count : {2, 3, 5, 10}) {
      const auto folds = StratifiedFolds(*dataset, count, 42);
      ASSERT_TRUE(folds) << folds.error().Text();
      ASSERT_EQ(folds->size(), static_cast<size_t>(count));
      std::set<size_t> seen;
      for (const auto& fold : *folds) {
        seen.insert(fold.begin(), fold.end());
        EXPECT_TRUE(std::ranges::is_sorted(fold));
        const double even = static_cast<double>(dataset->examples.size()) / count;
        EXPECT_LE(std::abs(static_cast<double>(fold.size()) - even), dataset == &single ? 1.0 : 4.0);
      }
      EXPECT_EQ(seen.size(), dataset->examples.size());
      std::vector<size_t> all(dataset->examples.size());
      std::iota(all.begin(), all.end(), size_t{0});
      for (size_t label = 0; label < dataset->labels.size(); ++label) {
        const double even = static_cast<double>(Count(*dataset, all, static_cast<int32_t>(label))) / count;
        for (const auto& fold : *folds) {
          const auto in_fold = static_cast<double>(Count(*dataset, fold, static_cast<int32_t>(label)));
          EXPECT_LT(std::abs(in_fold - even), dataset == &single ? 1.0 : 4.0) << "label " << label;
        }
      }
    }
  }
}

TEST(Folds, ManyRareLabelsLeaveNoFoldEmpty) {
  const Dataset dataset = Make(std::vector<size_t>(150, 3));
  const auto folds = StratifiedFolds(dataset, 5, 1);
  ASSERT_TRUE(folds);
  for (const auto& fold : *folds) EXPECT_EQ(fold.size(), 90u);
}

TEST(Folds, FollowTheSeedAlone) {
  const Dataset dataset = Make({50, 30});
  EXPECT_EQ(StratifiedFolds(dataset, 4, 7).value(), StratifiedFolds(dataset, 4, 7).value());
  EXPECT_NE(StratifiedFolds(dataset, 4, 7).value(), StratifiedFolds(dataset, 4, 8).value());
}

TEST(Folds, TooFewTextsOrFoldsAreErrors) {
  EXPECT_EQ(StratifiedFolds(Make({2, 1}), 4, 1).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(StratifiedFolds(Make({5, 5}), 1, 1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(StratifiedFolds(Make({2, 2}), 4, 1));
}

TEST(Order, EveryBeginningHasEachLabelInProportion) {
  const std::vector<size_t> counts = {700, 290, 9, 1};
  const Dataset dataset = Make(counts);
  const std::vector<size_t> order = StratifiedOrder(dataset, 42);
  ASSERT_EQ(std::set<size_t>(order.begin(), order.end()).size(), 1000u);
  for (const size_t size : {10u, 50u, 333u, 999u}) {
    const std::vector<size_t> begin(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size));
    for (size_t label = 0; label < counts.size(); ++label) {
      const double even = static_cast<double>(counts[label] * size) / 1000;
      EXPECT_LE(std::abs(static_cast<double>(Count(dataset, begin, static_cast<int32_t>(label))) - even), 1.5);
    }
  }
  EXPECT_EQ(order, StratifiedOrder(dataset, 42));
  EXPECT_NE(order, StratifiedOrder(dataset, 43));
}

TEST(Order, TakesTextsOfSeveralLabelsByTheirRarest) {
  const Dataset dataset = MakeMultiLabel(400, 5);
  const std::vector<size_t> order = StratifiedOrder(dataset, 1);
  const std::vector<size_t> half(order.begin(), order.begin() + 200);
  for (int32_t label = 0; label < 5; ++label) {
    const auto all = static_cast<double>(Count(dataset, order, label));
    EXPECT_NEAR(static_cast<double>(Count(dataset, half, label)), all / 2, 0.15 * all + 2);
  }
  const Dataset part = PartOf(dataset, half);
  EXPECT_TRUE(part.multi_label);
  EXPECT_EQ(part.labels.names, dataset.labels.names);
  EXPECT_EQ(part.examples[3].text, dataset.examples[half[3]].text);
}

/// 400 texts: 20 have the label "rare", 10 of these and 30 others have "second", and all but the last 100 have
/// "frequent".
Dataset Overlapping() {
  Dataset dataset;
  dataset.labels.names = {"frequent", "second", "rare"};
  dataset.multi_label = true;
  for (size_t i = 0; i < 400; ++i) {
    Example& example = dataset.examples.emplace_back();
    example.text = std::to_string(i);
    if (i < 300) example.labels.push_back(0);
    if (i >= 10 && i < 50) example.labels.push_back(1);
    if (i < 20) example.labels.push_back(2);
  }
  return dataset;
}

TEST(Folds, LabelsThatOccurTogetherAreDealtEvenly) {
  const Dataset dataset = Overlapping();
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto folds = StratifiedFolds(dataset, 4, seed).value();
    for (const auto& fold : folds) {
      EXPECT_EQ(Count(dataset, fold, 2), 5u) << seed;
      EXPECT_EQ(Count(dataset, fold, 1), 10u) << seed;
      EXPECT_NEAR(static_cast<double>(fold.size()), 100, 1) << seed;
    }
  }
}

TEST(Order, SpreadsTheTextsOfARareLabel) {
  const Dataset dataset = Overlapping();
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<size_t> order = StratifiedOrder(dataset, seed);
    ASSERT_EQ(order.size(), 400u);
    for (const size_t part : {100u, 200u, 300u}) {
      const std::vector<size_t> first(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(part));
      EXPECT_NEAR(static_cast<double>(Count(dataset, first, 2)), static_cast<double>(part) / 20, 1) << seed;
    }
  }
}

}  // namespace
}  // namespace winnow
