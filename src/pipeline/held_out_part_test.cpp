#include "pipeline/held_out_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "pipeline/data_plan.h"
#include "pipeline/labelled_data.h"
#include "pipeline/train.h"

namespace winnow {
namespace {

std::filesystem::path WriteTexts(const std::filesystem::path& directory, int texts) {
  const std::filesystem::path file = directory / "texts.csv";
  std::ofstream out(file);
  out << "text,label\n";
  for (int i = 0; i < texts; ++i) out << "message " << i << (i % 3 == 0 ? ",spam\n" : ",ham\n");
  for (int i = 0; i < texts; ++i) out << "message " << i << (i % 3 == 0 ? ",spam\n" : ",ham\n");  // each twice
  return file;
}

TEST(HeldOutPart, IsTheTestPartOfATraining) {
  const auto directory = ScopedTemporaryDirectory::Make("test").value();
  TrainingPlan plan;
  plan.data.files = {WriteTexts(directory.path(), 90)};
  TrainingObserver observer;
  const Split trained = ReadParts(plan, observer).value();
  const std::set<size_t> rows = HeldOutRows(plan.data.files.front(), {}, {}).value();
  ReadReport report;
  Dataset kept = ReadLabelledData(plan.data.files, {}, report).value();
  KeepRows(kept, rows);
  EXPECT_EQ(TextViews(kept), TextViews(trained.test)) << "no text twice, none of the training part";
  EXPECT_NE(HeldOutRows(plan.data.files.front(), {}, {.seed = 7}).value(), rows);
}

TEST(HeldOutPart, IsKnownToModelsWhoseLabelsMadeAnotherSplit) {
  const auto directory = ScopedTemporaryDirectory::Make("test").value();
  const std::filesystem::path file = WriteTexts(directory.path(), 90);
  const std::set<size_t> rows = HeldOutRows(file, {}, {}).value();
  ThreadPool pool(1);
  TrainingObserver observer;
  const auto may_know = [&](const std::string& name, std::vector<std::string> map, std::vector<std::string> labels) {
    TrainingPlan plan;
    plan.model.kind = "lr";
    plan.data.files = {file};
    plan.data.label_map = std::move(map);
    plan.data.labels = std::move(labels);
    plan.output.dir = directory.path() / name;
    const Split split = ReadParts(plan, observer).value();
    EXPECT_TRUE(Train(plan, split, pool, observer));
    return WasTrainedOnOtherTexts(plan.output.dir, file, {}, {}, rows);
  };
  EXPECT_FALSE(may_know("same", {}, {}));
  EXPECT_FALSE(may_know("capitals", {"ham=Ham, spam=Spam"}, {}));
  EXPECT_FALSE(may_know("ordered", {}, {"ham", "spam"}));
  EXPECT_TRUE(may_know("renamed", {"ham=wanted", "spam=unwanted"}, {}));
  EXPECT_TRUE(may_know("reversed", {}, {"spam", "ham"}));
}

TEST(HeldOutPart, NeedsEnoughTexts) {
  const auto directory = ScopedTemporaryDirectory::Make("test").value();
  const Result<std::set<size_t>> rows = HeldOutRows(WriteTexts(directory.path(), 3), {}, {});
  ASSERT_FALSE(rows);
  EXPECT_THAT(rows.error().message, testing::HasSubstr("too few texts for a test part"));
}

}  // namespace
}  // namespace winnow
