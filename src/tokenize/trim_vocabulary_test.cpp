#include "tokenize/trim_vocabulary.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "support/temporary_directory.h"
#include "tokenize/tokenizer.h"
#include "tokenize/wordpiece_trainer.h"

namespace winnow {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kTexts = {
    "win a prize now", "see you at six", "claim a prize", "lunch at six", "you win the prize at lunch", "now or never"};

std::vector<int32_t> Encode(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<int32_t> ids;
  tokenizer.Encode(text, 64, ids);
  return ids;
}

std::vector<std::string> PiecesOf(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> pieces;
  for (const int32_t id : Encode(tokenizer, text)) pieces.emplace_back(tokenizer.TokenText(id));
  return pieces;
}

class TrimVocabulary : public ::testing::Test {
 protected:
  TrimVocabulary() : large(TrainWordPiece(kTexts, {.vocab_size = 90}).value()) {
    EXPECT_TRUE(large.Save(dir.path(), 64));
    uses.resize(static_cast<size_t>(large.vocab_size()));
  }
  void Use(std::string_view text) {
    for (const int32_t id : Encode(large, text)) ++uses[static_cast<size_t>(id)];
  }
  size_t Size() const { return static_cast<size_t>(large.vocab_size()); }

  TemporaryDirectory dir;
  Tokenizer large;
  std::vector<int64_t> uses;
};

TEST_F(TrimVocabulary, KeepsWhatIsUsedAndReadsOtherWordsInSmallerPieces) {
  Use("win a prize");
  const auto kept = ChooseVocabulary(dir.path(), uses, Size() - 12).value();
  EXPECT_EQ(kept.size(), Size() - 12);
  EXPECT_TRUE(std::ranges::is_sorted(kept));
  ASSERT_TRUE(TrimTokenizerFiles(dir.path(), kept));
  const Tokenizer small = Tokenizer::Load(dir.path()).value();
  EXPECT_EQ(small.vocab_size(), static_cast<int>(kept.size()));
  EXPECT_EQ(PiecesOf(small, "win a prize"), PiecesOf(large, "win a prize"));
  for (const std::string& text : kTexts) {
    EXPECT_THAT(PiecesOf(small, text), testing::Not(testing::Contains("[UNK]"))) << text;
    EXPECT_GE(PiecesOf(small, text).size(), PiecesOf(large, text).size());
  }
  size_t longer = 0;
  for (const std::string& text : kTexts) longer += PiecesOf(small, text).size() - PiecesOf(large, text).size();
  EXPECT_GT(longer, 0u);
}

TEST_F(TrimVocabulary, AllFilesHaveTheNewIds) {
  const auto kept = ChooseVocabulary(dir.path(), uses, Size() - 12).value();
  ASSERT_TRUE(TrimTokenizerFiles(dir.path(), kept));
  const Tokenizer json = Tokenizer::Load(dir.path()).value();
  std::filesystem::remove(dir.path() / "tokenizer.json");
  const Tokenizer text = Tokenizer::Load(dir.path()).value();
  for (const std::string& each : kTexts) EXPECT_EQ(Encode(json, each), Encode(text, each)) << each;
}

TEST_F(TrimVocabulary, RenumbersThePostProcessorsAndPadding) {
  const std::string path = (dir.path() / "tokenizer.json").string();
  Json json = ParseJson(ReadFile(path).value(), path).value();
  const int last = large.TokenId("[SEP]"), first = large.TokenId("[CLS]");
  json["post_processor"] = {
      {"type", "BertProcessing"}, {"sep", Json::array({"[SEP]", last})}, {"cls", Json::array({"[CLS]", first})}};
  json["padding"] = {
      {"strategy", "BatchLongest"}, {"direction", "Right"}, {"pad_to_multiple_of", nullptr}, {"pad_id", last},
      {"pad_type_id", 0},           {"pad_token", "[SEP]"}};
  ASSERT_TRUE(WriteFileAtomically(path, json.dump()));
  auto kept = ChooseVocabulary(dir.path(), uses, Size() - 3).value();
  ASSERT_TRUE(TrimTokenizerFiles(dir.path(), kept));
  json = ParseJson(ReadFile(path).value(), path).value();
  const auto place = static_cast<int>(std::ranges::lower_bound(kept, last) - kept.begin());
  EXPECT_EQ(json["post_processor"]["sep"][1], place);
  EXPECT_EQ(json["padding"]["pad_id"], place);
  json["post_processor"] = {{"type", "ByteLevel"}};
  ASSERT_TRUE(WriteFileAtomically(path, json.dump()));
  std::iota(kept.begin(), kept.end(), 0);
  EXPECT_THAT(TrimTokenizerFiles(dir.path(), kept).error().message, HasSubstr("ByteLevel"));
}

TEST_F(TrimVocabulary, RefusesVocabulariesThatAreTooSmallAndOtherKinds) {
  const auto small = ChooseVocabulary(dir.path(), uses, 10);
  ASSERT_FALSE(small);
  EXPECT_THAT(small.error().message, HasSubstr("too small"));
  EXPECT_EQ(small.error().code, ErrorCode::kInvalidArgument);
  const std::string path = (dir.path() / "tokenizer.json").string();
  const std::string unigram = R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1]]}})";
  ASSERT_TRUE(WriteFileAtomically(path, unigram));
  const auto other = ChooseVocabulary(dir.path(), uses, 10);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kUnsupported) << other.error().message;
}

}  // namespace
}  // namespace winnow
