#include "tokenize/wordpiece_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace winnow {
namespace {

TEST(WordPieceTrainer, MergesTheMostFrequentPairFirst) {
  const std::vector<std::string> texts = {"low low low low lower lower", "new newer newer newer"};
  // Room for five special tokens, nine characters' pieces and two merges.
  const Tokenizer tokenizer = TrainWordPiece(texts, {.vocab_size = 5 + 9 + 2}).value();
  std::vector<std::string> pieces;
  for (int32_t id = 5; id < tokenizer.vocab_size(); ++id) pieces.emplace_back(tokenizer.TokenText(id));
  // l ##o 6 times and ##o ##w 6 times: of equals the older pieces first.
  ASSERT_GE(pieces.size(), 2u);
  EXPECT_NE(std::ranges::find(pieces, "lo"), pieces.end());
  EXPECT_NE(std::ranges::find(pieces, "low"), pieces.end());
  for (int32_t id = 0; id < 5; ++id) EXPECT_EQ(tokenizer.TokenText(id).front(), '[');
}

TEST(WordPieceTrainer, KnowsEveryWordThatItHasSeen) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i)
    texts.push_back("Message " + std::to_string(i * 37 % 101) + " costs £" + std::to_string(i) + ", naïve!");
  const Tokenizer tokenizer = TrainWordPiece(texts, {.vocab_size = 300}).value();
  EXPECT_LE(tokenizer.vocab_size(), 300);
  std::vector<int32_t> ids;
  for (const std::string& text : texts) tokenizer.Encode(text, 64, ids);
  EXPECT_EQ(std::ranges::count(ids, tokenizer.unknown_id()), 0);
  std::vector<int32_t> message;
  tokenizer.Encode("MESSAGE", 64, message);
  EXPECT_EQ(message.size(), 3u) << "a frequent word is one piece";
}

TEST(WordPieceTrainer, TheSameTextsGiveTheSameVocabulary) {
  std::vector<std::string> texts = {"a b c abc abc bca cab", "cab cab bac", "中文 text"};
  const Tokenizer one = TrainWordPiece(texts, {.vocab_size = 40}).value(),
                  two = TrainWordPiece(texts, {.vocab_size = 40}).value();
  ASSERT_EQ(one.vocab_size(), two.vocab_size());
  for (int32_t id = 0; id < one.vocab_size(); ++id) EXPECT_EQ(one.TokenText(id), two.TokenText(id));
}

TEST(WordPieceTrainer, NothingToLearnFromIsNoError) {
  EXPECT_EQ(TrainWordPiece({}, {}).value().vocab_size(), 5);
  const std::vector<std::string> blank = {"", "   ", std::string(10000, 'x')};
  EXPECT_GE(TrainWordPiece(blank, {}).value().vocab_size(), 5);
  EXPECT_EQ(TrainWordPiece({}, {.vocab_size = 5}).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
