#include "linear/linear_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/files.h"
#include "base/random.h"
#include "linear/linear_model.h"
#include "support/numbers.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

LinearModel Example(Analyzer analyzer, size_t labels, LinearKind kind = LinearKind::kLogistic) {
  const std::vector<std::string_view> texts = {"The seal sang; the SEAL slept.", "A seal sang at dusk", "dusk, dusk!",
                                               "one remarkably_long_word_of_more_than_fifteen_bytes"};
  FeatureOptions options;
  options.analyzer = analyzer;
  options.max_features = 60;
  options.sublinear = labels > 2;
  // What is stored as flags, and is not as it is by default.
  options.lowercase = labels == 2;
  options.word_characters = labels > 2 ? WordCharacters::kAscii : WordCharacters::kPython;
  options.shortest_word = labels > 2 ? 1 : 2;
  options.normalize = labels == 2;
  ThreadPool pool(1);
  const FittedFeatures fitted = *Vectorizer::Fit(texts, options, pool);
  const size_t features = fitted.vectorizer.features(), outputs = OutputsOf(labels, false);
  LinearWeights weights{features, outputs, RandomFloats(features * outputs, 1), RandomFloats(outputs, 2)};
  std::vector<PlattScale> platt(kind == LinearKind::kSvm ? outputs : 0, {-1.5f, 0.25f});
  return *LinearModel::Make(fitted.vectorizer, std::move(weights), kind, labels, false, std::move(platt));
}

std::string BytesOf(const LinearModel& model) {
  const TemporaryDirectory dir;
  EXPECT_TRUE(model.Save(dir.path() / kLinearFile));
  return *ReadFile(dir.path() / kLinearFile);
}

auto Parse(const std::string& bytes) { return ParseLinearFile(std::as_bytes(std::span(bytes)), "linear.bin"); }

/// Uses all that a file could have got wrong.
void Score(const LinearContents& contents) {
  Vectorizer::Scratch scratch;
  for (const std::string_view text :
       {"the seal sang at dusk", "é", "remarkably_long_word_of_more_than_fifteen_bytes"}) {
    float sum = 0;
    const Vectorizer::Row row = contents.vectorizer.Weigh(text, scratch);
    for (size_t i = 0; i < row.columns.size(); ++i) {
      for (size_t o = 0; o < contents.outputs; ++o) {
        sum += row.values[i] * contents.weights[static_cast<size_t>(row.columns[i]) * contents.outputs + o];
      }
    }
    volatile float used = sum;
    static_cast<void>(used);
  }
  for (size_t i = 0; i < contents.vectorizer.features(); ++i) static_cast<void>(contents.vectorizer.name(i).size());
}

TEST(LinearFile, GivesBackTheSameModel) {
  for (const Analyzer analyzer : {Analyzer::kWord, Analyzer::kChar, Analyzer::kCharWb, Analyzer::kBoth}) {
    for (const size_t labels : {2u, 5u}) {
      const LinearModel model = Example(analyzer, labels, LinearKind::kSvm);
      const TemporaryDirectory dir;
      ASSERT_TRUE(model.Save(dir.path() / kLinearFile));
      const auto again = LinearModel::Load(dir.path() / kLinearFile);
      ASSERT_TRUE(again) << again.error().Text();
      EXPECT_EQ(again->vectorizer().options(), model.vectorizer().options());
      EXPECT_EQ(again->vectorizer().ToParts().names, model.vectorizer().ToParts().names);
      EXPECT_EQ(again->vectorizer().ToParts().idf, model.vectorizer().ToParts().idf);
      EXPECT_EQ(again->vectorizer().word_features(), model.vectorizer().word_features());
      EXPECT_EQ(again->kind(), model.kind());
      EXPECT_EQ(again->labels(), labels);
      EXPECT_TRUE(std::ranges::equal(again->weights(), model.weights()));
      EXPECT_TRUE(std::ranges::equal(again->bias(), model.bias()));
      ASSERT_EQ(again->platt().size(), model.outputs());
      EXPECT_EQ(again->platt()[0].a, -1.5f);
      EXPECT_EQ(BytesOf(*again), BytesOf(model)) << "the same model gives the same bytes";
      std::vector<float> logits(labels), expected(labels);
      LinearModel::Scratch scratch;
      model.Logits("the seal sang at dusk", scratch, expected);
      again->Logits("the seal sang at dusk", scratch, logits);
      EXPECT_EQ(logits, expected);
    }
  }
}

TEST(LinearFile, KeepsNamesOfEveryLength) {
  FeatureParts parts;
  parts.options.max_ngram = 1;
  for (const size_t n : {0u, 1u, 13u, 14u, 15u, 16u, 29u, 30u, 31u, 142u, 143u, 144u, 20000u})
    parts.names.emplace_back(n, 'a');
  parts.idf.assign(parts.names.size(), 1.0f);
  LinearWeights weights{parts.names.size(), 1, std::vector<float>(parts.names.size()), {0}};
  const auto model = LinearModel::Make(*Vectorizer::FromParts(parts), weights, LinearKind::kLogistic, 2, false);
  ASSERT_TRUE(model);
  const auto again = Parse(BytesOf(*model));
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ(again->vectorizer.ToParts().names, parts.names);
}

TEST(LinearFile, RefusesEveryTruncation) {
  const std::string bytes = BytesOf(Example(Analyzer::kBoth, 3, LinearKind::kSvm));
  for (size_t n = 0; n < bytes.size(); ++n) {
    const auto result = Parse(bytes.substr(0, n));
    ASSERT_FALSE(result) << n;
    ASSERT_EQ(result.error().code, ErrorCode::kInvalidModel);
  }
  EXPECT_FALSE(Parse(bytes + '\0'));
}

TEST(LinearFile, SurvivesFlippedBytes) {
  size_t read = 0;
  for (const Analyzer analyzer : {Analyzer::kWord, Analyzer::kChar, Analyzer::kBoth}) {
    const std::string bytes = BytesOf(Example(analyzer, 2));
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        std::string flipped = bytes;
        flipped[i] = static_cast<char>(flipped[i] ^ flip);
        const auto result = Parse(flipped);
        if (!result) continue;
        ++read;
        Score(*result);
      }
    }
    Random random(3);
    for (int round = 0; round < 3000; ++round) {
      std::string flipped = bytes;
      for (uint32_t n = 1 + random.Below(8); n > 0; --n) {
        flipped[random.Below(static_cast<uint32_t>(flipped.size()))] = static_cast<char>(random.Below(256));
      }
      const auto result = Parse(flipped);
      if (!result) continue;
      ++read;
      Score(*result);
    }
  }
  EXPECT_GT(read, 0u);  // flips in weights still parse
}

TEST(LinearFile, RefusesHugeCountsBeforeItBelievesThem) {
  const std::string bytes = BytesOf(Example(Analyzer::kWord, 3));
  for (const size_t field : {40u, 48u, 56u, 64u, 72u}) {  // labels, outputs, features, word features, vocabulary
    for (const uint64_t value :
         {uint64_t{0}, uint64_t{1} << 20, uint64_t{1} << 31, uint64_t{1} << 62, ~uint64_t{0}, ~uint64_t{0} / 4}) {
      if (field == 64 && value == 0) continue;
      std::string changed = bytes;
      std::memcpy(changed.data() + field, &value, sizeof value);
      const auto result = Parse(changed);
      EXPECT_FALSE(result) << field << ": " << value;
    }
  }
}

TEST(LinearFile, TellsOtherFilesAndVersionsApart) {
  std::string bytes = BytesOf(Example(Analyzer::kWord, 2));
  EXPECT_EQ(Parse("PK\3\4" + bytes).error().code, ErrorCode::kInvalidModel);
  bytes[8] = 9;
  EXPECT_EQ(Parse(bytes).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(LinearModel::Load("/nonexistent/linear.bin").error().code, ErrorCode::kNotFound);
  const TemporaryDirectory dir;
  EXPECT_FALSE(Example(Analyzer::kWord, 2).Save(dir.path() / "missing" / kLinearFile));
}

}  // namespace
}  // namespace winnow
