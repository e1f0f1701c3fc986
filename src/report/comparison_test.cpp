#include "report/comparison.h"

#include <gmock/gmock.h>

#include <sstream>

#include "evaluate/text_table.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Of 10 texts, the first `right` are decided rightly; labels in turn.
ComparedModel Model(const std::string& name, int right, std::vector<std::string> labels = {"ham", "spam"}) {
  const auto count = static_cast<int32_t>(labels.size());
  std::vector<int32_t> truth, decided;
  for (int32_t t = 0; t < 10; ++t) {
    truth.push_back(t % count);
    decided.push_back(t < right ? t % count : (t + 1) % count);
  }
  const std::vector<float> probabilities(static_cast<size_t>(10 * count), 1.0F / static_cast<float>(count));
  ComparedModel model{.name = name, .bundle = "models/" + name};
  model.base_model = "sentence-transformers/all-MiniLM-L6-v2";
  model.weights = "int8 with 2 of 6 layers bf16";
  model.metrics = ComputeMetrics(probabilities, truth, labels, {}, decided).value();
  model.single = Summarize({1.5, 2.5, 3.5});
  model.size_mb = 22.7;
  return model;
}

ComparedModel Broken(const std::string& name) {
  return {.name = name, .bundle = name, .error = Error{ErrorCode::kInvalidModel, "cut\noff", "copy it again"}};
}

Comparison Of(std::vector<ComparedModel> models) {
  Comparison comparison{.timestamp = "2026-11-21T07:00:00Z",
                        .data = "data/held-out.tsv",
                        .data_sha256 = "ab",
                        .filter = "",
                        .mode = "moderate",
                        .threads = 2,
                        .models = std::move(models)};
  Rank(comparison);
  return comparison;
}

std::vector<std::string> NamesOf(const Comparison& comparison) {
  std::vector<std::string> names;
  names.reserve(comparison.models.size());
  for (const ComparedModel& model : comparison.models) names.push_back(model.name);
  return names;
}

TEST(Comparison, TheHighestMacroF1IsFirstAndBrokenModelsAreLast) {
  const Comparison comparison = Of({Broken("a"), Model("low", 6), Model("high", 9), Model("equal", 9)});
  EXPECT_THAT(NamesOf(comparison), testing::ElementsAre("equal", "high", "low", "a"));
  EXPECT_EQ(BestOf(comparison)->name, "equal");
  EXPECT_EQ(comparison.rows(), 10);
}

TEST(Comparison, AmongEqualsTheSmallerOneIsBetter) {
  ComparedModel small = Model("small", 8);
  small.size_mb = 1;
  EXPECT_EQ(BestOf(Of({Model("big", 8), small}))->name, "small");
}

TEST(Comparison, AModelThatSkippedTextsDoesNotWinByIt) {
  ComparedModel partial = Model("partial", 10);
  partial.metrics.count = 8;
  partial.left_out = 2;
  partial.unknown_labels = {{"maybe", 2}};
  const Comparison comparison = Of({Model("whole", 9), partial});
  EXPECT_THAT(NamesOf(comparison), testing::ElementsAre("partial", "whole"));
  EXPECT_EQ(BestOf(comparison)->name, "whole");
  EXPECT_THAT(ComparisonText(comparison), HasSubstr("partial is evaluated on 8 of 10 rows"));
  EXPECT_THAT(ComparisonText(comparison), HasSubstr("maybe"));
  EXPECT_EQ(ComparisonJson(comparison)["models"][0]["unknown_labels"]["maybe"], 2);
}

TEST(Comparison, TheTableFitsItsColumns) {
  const std::string name(120, 'x');
  ComparedModel slow = Model("slow", 5, {"a label of many letters", "b", "c", "d", "e", "f"});
  slow.single = Summarize({123456.789});
  slow.size_mb = 123456.7;
  ComparedModel model = Model(name, 9, slow.metrics.labels);
  model.base_model = name;
  const std::string text = ComparisonText(Of({model, slow}));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), 100u) << line;
  EXPECT_THAT(text, HasSubstr("\n  * xxx"));
  EXPECT_THAT(text, HasSubstr("F1 by label"));
}

TEST(Comparison, LabelsAreMatchedByName) {
  const std::string text = ComparisonText(Of({Model("a", 9), Model("b", 8, {"spam", "ham"})}));
  EXPECT_THAT(text, HasSubstr("ham    spam"));
  const Comparison third = Of({Model("a", 9), Model("c", 8, {"spam", "other"})});
  EXPECT_THAT(ComparisonText(third), testing::ContainsRegex("\n    c +- +0\\.[0-9]+ +0\\.[0-9]+\n"));
}

TEST(Comparison, MoreThanSixLabelsAreInTheJsonAlone) {
  const Comparison comparison = Of({Model("a", 9, {"1", "2", "3", "4", "5", "6", "7"})});
  EXPECT_THAT(ComparisonText(comparison), Not(HasSubstr("F1 by label")));
  EXPECT_EQ(ComparisonJson(comparison)["models"][0]["per_class"].size(), 7u);
}

TEST(Comparison, ABrokenModelIsListedWithItsErrorOnALineOfItsOwn) {
  const Comparison comparison = Of({Broken("torn\x1b[2J")});
  EXPECT_EQ(ComparisonText(comparison), "not evaluated\n    torn?[2J: cut\\noff\n      copy it again\n");
  EXPECT_EQ(BestOf(comparison), nullptr);
  const auto json = ComparisonJson(comparison);
  EXPECT_TRUE(json["best"].is_null());
  EXPECT_EQ(json["models"][0]["error"]["hint"], "copy it again");
  EXPECT_FALSE(json["models"][0].contains("accuracy"));
}

TEST(Comparison, TheJsonHasAllMetricsOfEvaluate) {
  const auto json = ComparisonJson(Of({Model("a", 9)}));
  EXPECT_EQ(json["best"], "a");
  EXPECT_EQ(json["rows"], 10);
  const auto& model = json["models"][0];
  EXPECT_EQ(model["accuracy"], 0.9);
  EXPECT_EQ(model["count"], 10);
  EXPECT_EQ(model["ms_per_text"], 2.5);
  EXPECT_EQ(model["intervals"]["accuracy"].size(), 2u);
  EXPECT_EQ(model["base_model"], "sentence-transformers/all-MiniLM-L6-v2");
  EXPECT_THAT(ComparisonText(Of({Model("a", 9)})), HasSubstr("22.7 int8+"));
}

}  // namespace
}  // namespace winnow
