#include "doctor/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "data/random.h"
#include "doctor/out_of_fold.h"

namespace winnow {
namespace {

using testing::HasSubstr;

/// Two topics with words of their own, and some in common.
Dataset Make(size_t texts, uint64_t seed = 1) {
  static const std::vector<std::vector<std::string>> kWords = {
      {"invoice", "payment", "refund", "price", "billing", "charge", "receipt", "bank"},
      {"parcel", "courier", "delivery", "address", "shipping", "tracking", "package", "door"}};
  static const std::vector<std::string> kCommon = {"please", "hello", "my",    "the",
                                                   "thanks", "about", "today", "question"};
  SplitMix64 random(seed);
  Dataset dataset;
  dataset.labels.names = {"billing", "delivery"};
  for (size_t t = 0; t < texts; ++t) {
    const size_t label = t % 2;
    std::string text;
    for (size_t w = 0; w < 8; ++w) {
      const auto& words = random.Below(2) == 0 ? kCommon : kWords[label];
      text += (w > 0 ? " " : "") + words[random.Below(words.size())];
    }
    dataset.examples.push_back({text, {static_cast<int32_t>(label)}, "f.csv", t + 1});
  }
  return dataset;
}

Result<DataQualityReport> Look(const Dataset& dataset, DoctorOptions options = {}) {
  ThreadPool pool(1);
  return CheckDataQuality(dataset, std::vector<DataPart>(dataset.examples.size(), DataPart::kTrain), options, pool);
}

TEST(Doctor, FindsHalfOfFlippedLabelsInTheFirstSixPercent) {
  Dataset dataset = Make(400);
  std::vector<size_t> flipped;
  for (size_t t = 7; t < dataset.examples.size(); t += 33) {
    int32_t& label = dataset.examples[t].labels[0];
    label = 1 - label;
    flipped.push_back(t);
  }
  const Result<DataQualityReport> found = Look(dataset);
  ASSERT_TRUE(found) << found.error().message;
  size_t hits = 0;
  size_t rows = 0;
  for (const Finding& finding : found->findings) {
    if (finding.kind != FindingKind::kLabelError || ++rows > 24) continue;
    hits += std::ranges::find(flipped, *finding.text) != flipped.end() ? 1 : 0;
  }
  EXPECT_GE(hits * 2, flipped.size());
  EXPECT_GT(*found->agreement, 0.8);
  EXPECT_EQ(found->judged, dataset.examples.size());
  const std::string text = DataQualityText(*found, dataset);
  EXPECT_THAT(text, HasSubstr("probable label errors"));
  EXPECT_EQ(DataQualityJson(*found, dataset)["findings"].size(), found->findings.size());
}

TEST(Doctor, ATwinDoesNotJudgeItsTwin) {
  // Words that only one text and its twin have: whoever has seen the twin is sure of its label, and nobody else.
  Dataset dataset = Make(0);
  std::vector<size_t> alone;
  std::vector<size_t> together;
  for (size_t t = 0; t < 80; ++t) {
    const std::string word = "word" + std::to_string(t / 2 * 7919);
    dataset.examples.push_back({word + " " + word + "x", {static_cast<int32_t>(t / 2 % 2)}, "f.csv", t + 1});
    alone.push_back(t);
    together.push_back(t / 2 * 2);
  }
  ThreadPool pool(1);
  const auto right = [&](const std::vector<size_t>& group_of) {
    const std::vector<float> p = *OutOfFoldProbabilities(dataset, group_of, 5, 42, DoubtConfiguration(), pool);
    float sum = 0;
    for (size_t t = 0; t < 80; ++t) sum += p[2 * t + static_cast<size_t>(dataset.examples[t].labels[0])];
    return sum / 80;
  };
  EXPECT_GT(right(alone), right(together) + 0.1F);
}

TEST(Doctor, SaysThatLabelErrorsAreNotReliableIfTheLabelsCannotBeLearnt) {
  const Dataset dataset = Make(100);  // half of the texts have each label
  DataQualityReport report;
  report.texts = 100;
  report.labels = 2;
  report.agreement = 0.6;
  EXPECT_THAT(DataQualityText(report, dataset), Not(HasSubstr("not reliable")));
  report.agreement = 0.48;
  EXPECT_THAT(DataQualityText(report, dataset), HasSubstr("most frequent label, 50.0 %"));
}

TEST(Doctor, SetsTooSmallToJudgeAreExaminedForTheRest) {
  for (const size_t texts : {0, 1, 2, 3, 7}) {
    Dataset dataset = Make(texts);
    const Result<DataQualityReport> found = Look(dataset);
    ASSERT_TRUE(found) << texts << found.error().message;
    EXPECT_THAT(found->not_judged, HasSubstr("not checked for errors")) << texts;
    EXPECT_FALSE(found->agreement);
    EXPECT_FALSE(DataQualityText(*found, dataset).empty());
  }
}

TEST(Doctor, AcceptsOneRepeatedTextAndOneLabel) {
  Dataset same = Make(2);
  for (size_t t = 0; t < 3000; ++t) same.examples.push_back({same.examples[0].text, {0}, "f.csv", t + 3});
  const Result<DataQualityReport> repeated = Look(same);
  ASSERT_TRUE(repeated) << repeated.error().message;
  EXPECT_EQ(CountFindings(repeated->findings)[static_cast<size_t>(FindingKind::kDuplicate)], 3000u);
  Dataset one = Make(40);
  for (Example& example : one.examples) example.labels = {0};
  EXPECT_TRUE(Look(one));
}

TEST(Doctor, TextsOfSeveralLabelsAreJudgedLabelByLabel) {
  Dataset dataset = Make(300);
  dataset.multi_label = true;
  for (size_t t = 0; t < dataset.examples.size(); t += 5) dataset.examples[t].labels.clear();
  dataset.examples[11].labels = {0, 1};
  const Result<DataQualityReport> found = Look(dataset);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->judged, 300u);
  const auto of_text = [&](size_t t) {
    return std::ranges::count_if(found->findings, [&](const Finding& finding) {
      return finding.kind == FindingKind::kLabelError && finding.text == t;
    });
  };
  for (size_t t = 0; t < 300; ++t) EXPECT_LE(of_text(t), 1);
}

TEST(Doctor, EscapesControlSequencesOfTexts) {
  Dataset dataset = Make(4);
  dataset.examples[1].text = dataset.examples[0].text = "\x1b[2J\x1b]0;pwned\x07";
  const Result<DataQualityReport> found = Look(dataset);
  ASSERT_TRUE(found);
  const std::string text = DataQualityText(*found, dataset);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b[2J\\x1b]0;pwned\\x07"), std::string::npos) << text;
  dataset.examples[1].text = dataset.examples[0].text = "two\nlines\tof text";
  EXPECT_NE(DataQualityText(Look(dataset).value(), dataset).find("two\\nlines\\tof text"), std::string::npos);
}

}  // namespace
}  // namespace winnow
