#include "tokenize/unigram.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <map>

#include "base/random.h"
#include "support/pieces.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using Kind = UnigramPiece::Kind;
using Spaces = UnigramNormalization::Spaces;

UnigramParts SmallUnigramParts() {
  UnigramParts parts;
  parts.pieces = {{"<unk>", 0, Kind::kUnknown}, {"<s>", 0, Kind::kControl}};
  // Scores that sum to the same in several ways, a piece with an inner "▁", characters of two and of three bytes.
  for (const auto& [text, score] : std::vector<std::pair<std::string, double>>{{"▁", -2},
                                                                               {"▁a", -2.5},
                                                                               {"a", -3},
                                                                               {"b", -3},
                                                                               {"ab", -4},
                                                                               {"aba", -5.5},
                                                                               {"ba", -4},
                                                                               {"aa", -6},
                                                                               {"aaaa", -11},
                                                                               {"b▁a", -4.5},
                                                                               {"é", -4},
                                                                               {"aé", -5},
                                                                               {"中", -6},
                                                                               {".", -3},
                                                                               {"...", -4}}) {
    parts.pieces.push_back({text, score, Kind::kNormal});
  }
  return parts;
}

std::unique_ptr<Unigram> Make(UnigramParts parts) { return Unigram::Make(std::move(parts), "test").value(); }

/// What each span has of a text.
std::vector<std::string> Places(const std::string& text, const std::vector<TokenSpan>& spans) {
  std::vector<std::string> places(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) places[i] = text.substr(spans[i].begin, spans[i].end - spans[i].begin);
  return places;
}

TEST(Unigram, TakesTheBestScoredPieces) {
  const auto model = Make(SmallUnigramParts());
  EXPECT_EQ(Pieces(*model, "ab"), "▁a b");
  EXPECT_EQ(Pieces(*model, "b a"), "▁ b▁a") << "a piece may span the beginning of a word";
  EXPECT_EQ(Pieces(*model, "a...."), "▁a . ...") << "of equal sums the one whose last piece is the longest";
  EXPECT_EQ(Pieces(*model, "bxyb"), "▁ b <unk> b") << "characters in no piece are one unknown token";
  EXPECT_EQ(Pieces(*model, "x<s>"), "▁ <unk>") << "control pieces are not found in texts";
  EXPECT_EQ(Pieces(*model, ""), "");
  EXPECT_EQ(Pieces(*model, "   "), "");
}

TEST(Unigram, SpacesAreAsTheOptionsSay) {
  UnigramParts parts = SmallUnigramParts();
  EXPECT_EQ(Pieces(*Make(parts), "  a   b "), "▁a ▁ b");
  parts.normalization.spaces = Spaces::kAll;
  EXPECT_EQ(Pieces(*Make(parts), " a  b"), "▁ ▁a ▁ ▁ b");
  parts.normalization.prefix = UnigramNormalization::Prefix::kNever;
  EXPECT_EQ(Pieces(*Make(parts), "a b"), "a ▁ b");
}

TEST(Unigram, WordsAreTakenAsTheyAre) {
  const auto model = Make(SmallUnigramParts());
  std::vector<WordToken> tokens;
  model->EncodeWord("a b", tokens);
  std::string pieces;
  for (const WordToken& token : tokens) pieces.append(model->piece(token.id)).append(" ");
  EXPECT_EQ(pieces, "a <unk> b ");
}

TEST(Unigram, WordsHaveTheTokensThatTextsHave) {
  UnigramParts parts = SmallUnigramParts();
  parts.normalization.prefix = UnigramNormalization::Prefix::kNever;
  parts.normalization.spaces = Spaces::kAll;
  const auto plain = Make(parts);
  parts.byte_fallback = true;
  for (int byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
    parts.pieces.push_back({text, 0, Kind::kByte});
  }
  const auto with_bytes = Make(parts);
  constexpr std::array kCharacters = {"a", "b", "x", "é", "ß", "中", "▁", ".", "🙂"};
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string word;
    for (size_t n = 1 + random.Below(i % 10 == 0 ? 200 : 12); n > 0; --n)
      word += kCharacters[random.Below(kCharacters.size())];
    for (const Unigram* model : {plain.get(), with_bytes.get()}) {
      std::vector<int32_t> ids, ids_of_word;
      std::vector<TokenSpan> spans, spans_of_word;
      model->Encode(word, 0, 10000, ids, &spans);
      std::vector<WordToken> tokens;
      model->EncodeWord(word, tokens);
      for (const WordToken& token : tokens) {
        ids_of_word.push_back(token.id);
        spans_of_word.push_back({token.begin, token.end});
      }
      ASSERT_EQ(ids_of_word, ids) << word;
      ASSERT_EQ(spans_of_word, spans) << word;
    }
  }
}

TEST(Unigram, TextsAreLowercasedBeforeTheRules) {
  UnigramParts parts = SmallUnigramParts();
  parts.normalization.lowercase = true;
  const auto model = Make(parts);
  EXPECT_TRUE(model->lowercase());
  const std::string text = "aB É";
  EXPECT_EQ(Pieces(*model, text), "▁a b ▁ é");
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  model->Encode(text, 0, 100, ids, &spans);
  EXPECT_EQ(Places(text, spans), (std::vector<std::string>{"a", "B", " ", "É"}));
}

TEST(Unigram, UnknownCharactersBecomeBytesWhereTheModelHasThem) {
  UnigramParts parts = SmallUnigramParts();
  parts.byte_fallback = true;
  EXPECT_FALSE(Unigram::Make(parts, "test")) << "without all 256";
  for (int byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
    parts.pieces.push_back({text, 0, Kind::kByte});
  }
  const auto model = Make(parts);
  EXPECT_EQ(Pieces(*model, "aßb"), "▁a <0xC3> <0x9F> b");
  EXPECT_EQ(Pieces(*model, "<0x41>"), "▁ <0x3C> <0x30> <0x78> <0x34> <0x31> <0x3E>") << "letters are letters";
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  model->Encode("aßb", 10, 100, ids, &spans);
  EXPECT_EQ(spans, (std::vector<TokenSpan>{{10, 11}, {11, 13}, {11, 13}, {13, 14}}));
}

TEST(Unigram, UserDefinedPiecesAreAlwaysTaken) {
  UnigramParts parts = SmallUnigramParts();
  parts.pieces.push_back({"ab.", 0, Kind::kUserDefined});
  EXPECT_EQ(Pieces(*Make(parts), "aab....."), "▁a ab. . ...");
}

TEST(Unigram, SpansAreBytesOfTheText) {
  const auto model = Make(SmallUnigramParts());
  const std::string text = "  ab\xFF a é 中xy";
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  model->Encode(text, 0, 100, ids, &spans);
  EXPECT_EQ(Places(text, spans), (std::vector<std::string>{"a", "b", "\xFF", "a", " ", "é", " ", "中", "xy"}));
}

TEST(Unigram, BrokenVocabulariesAreRefused) {
  const auto error = [](auto change) {
    UnigramParts parts = SmallUnigramParts();
    change(parts);
    const auto result = Unigram::Make(std::move(parts), "test");
    return result ? std::string() : result.error().message;
  };
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[5] = parts.pieces[4]; }),
            "test: a piece occurs twice in the vocabulary");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[5].text = ""; }), "test: the piece 5 is empty");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[5].text = "\xC3"; }), "test: the piece 5 is not UTF-8");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[5].text = std::string(2000, 'a'); }),
            "test: the piece 5 has more than 1024 bytes");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[2].score = std::numeric_limits<double>::quiet_NaN(); }),
            "test: the score of '▁' is not a number");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[5].kind = Kind::kUnknown; }),
            "test: there are two pieces for unknown characters");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces[0].kind = Kind::kControl; }),
            "test: the vocabulary has no piece for unknown characters (unk)");
  EXPECT_EQ(error([](UnigramParts& parts) { parts.pieces.resize(2); }), "test: there are no ordinary pieces");
  EXPECT_NE(error([](UnigramParts& parts) { parts.normalization.charsmap = "abc"; }), "");
}

/// The whole lattice of a normalised text, written as plainly as possible.
std::vector<int32_t> Plainly(const UnigramParts& parts, const std::string& text) {
  std::string normal;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ') {
      if (normal.empty() || text[i - 1] == ' ') normal += kSpaceSymbol;
      normal += text[i];
    }
  }
  struct Best {
    double score = -1e300;
    size_t begin = 0;
    int32_t id = 0;
  };
  std::vector<Best> best(normal.size() + 1);
  best[0].score = 0;
  for (size_t begin = 0; begin < normal.size();) {
    size_t next = begin;
    NextCodePoint(normal, next);
    bool whole = false;
    for (size_t end = begin + 1; end <= normal.size(); ++end) {
      for (size_t id = 2; id < parts.pieces.size(); ++id) {
        if (normal.substr(begin, end - begin) != parts.pieces[id].text) continue;
        whole = whole || end == next;
        const double score = best[begin].score + parts.pieces[id].score;
        if (score > best[end].score) best[end] = {score, begin, static_cast<int32_t>(id)};
      }
    }
    const double unknown = best[begin].score - 11 - 10;
    if (!whole && unknown > best[next].score) best[next] = {unknown, begin, 0};
    begin = next;
  }
  std::vector<int32_t> ids;
  for (size_t end = normal.size(); end > 0; end = best[end].begin) ids.insert(ids.begin(), best[end].id);
  std::vector<int32_t> merged;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != 0 || i == 0 || ids[i - 1] != 0) merged.push_back(ids[i]);
  }
  return merged;
}

TEST(Unigram, RandomTextsEqualThePlainReferenceHoweverManyTokensAreAskedFor) {
  const UnigramParts parts = SmallUnigramParts();
  const auto model = Make(parts);
  Random random(3);
  const std::string letters[] = {"a", "a", "a", "b", "b", ".", ".", " ", " ", "é", "中", "x"};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t length = random.Below(i % 100 == 0 ? 300 : 25); length > 0; --length)
      text += letters[random.Below(12)];
    const std::vector<int32_t> expected = Plainly(parts, text);
    std::vector<int32_t> ids;
    std::vector<TokenSpan> spans;
    model->Encode(text, 0, 1u << 30, ids, &spans);
    ASSERT_EQ(ids, expected) << text;
    ASSERT_EQ(ids.size(), spans.size());
    const size_t limit = random.Below(12);
    std::vector<int32_t> cut;
    model->Encode(text, 0, limit, cut, nullptr);
    cut.resize(std::min(cut.size(), limit));
    ASSERT_EQ(cut, std::vector<int32_t>(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(cut.size())));
    ASSERT_EQ(cut.size(), std::min(limit, expected.size())) << text;
  }
}

TEST(Unigram, InvalidBytesCountAsReplacementCharacters) {
  UnigramParts parts = SmallUnigramParts();
  parts.pieces.push_back({"\uFFFD", -3, Kind::kNormal});
  const auto model = Make(parts);
  Random random(4);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes, text;
    for (uint32_t length = random.Below(20); length > 0; --length) bytes += static_cast<char>(random.Below(256));
    for (size_t at = 0; at < bytes.size();) AppendUtf8(NextCodePoint(bytes, at), text);
    std::vector<int32_t> ids, expected;
    std::vector<TokenSpan> spans;
    model->Encode(bytes, 0, 1000, ids, &spans);
    model->Encode(text, 0, 1000, expected, nullptr);
    ASSERT_EQ(ids, expected);
    for (const TokenSpan& span : spans) ASSERT_TRUE(span.begin <= span.end && span.end <= bytes.size());
  }
}

TEST(Unigram, LongTextsAreReadAsFarAsTheyAreAskedFor) {
  const auto model = Make(SmallUnigramParts());
  std::string words, letters(5 << 20, 'a'), symbols;
  while (words.size() < (5u << 20)) words += "ab a.... é ";
  while (symbols.size() < (3u << 20)) symbols += kSpaceSymbol;
  std::vector<int32_t> ids;
  for (int i = 0; i < 20000; ++i)
    model->Encode(words, 0, ids.size() + 5, ids, nullptr);  // no 5 MB are read for 5 tokens
  EXPECT_GE(ids.size(), 100000u);
  ids.clear();
  model->Encode(letters, 0, 1u << 30, ids, nullptr);
  EXPECT_GT(ids.size(), 1u << 20);
  ids.clear();
  model->Encode(symbols, 0, 1u << 30, ids, nullptr);
  EXPECT_TRUE(ids.empty()) << "all of them are at the end";
}

}  // namespace
}  // namespace winnow
