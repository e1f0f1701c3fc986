#include "tokenize/byte_level_bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "support/pieces.h"
#include "text/utf8.h"

namespace winnow {
namespace {

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size(); begin += words.back().size())
    words.emplace_back(text.substr(begin, ByteLevelWord(text, begin)));
  return words;
}

using Strings = std::vector<std::string>;

TEST(ByteLevelBpe, CutsWordsAsGpt2sPatternDoes) {
  EXPECT_EQ(Words("Hello world"), (Strings{"Hello", " world"}));
  EXPECT_EQ(Words("it's we'll I'M 'twas"), (Strings{"it", "'s", " we", "'ll", " I", "'", "M", " '", "twas"}));
  EXPECT_EQ(Words("'s's 's"), (Strings{"'s", "'s", " '", "s"})) << "a space goes before the endings";
  EXPECT_EQ(Words("!'s"), (Strings{"!'", "s"})) << "a run of symbols takes the quote along";
  EXPECT_EQ(Words("abc123 45½x"), (Strings{"abc", "123", " 45½", "x"}));
  EXPECT_EQ(Words("a  b"), (Strings{"a", " ", " b"})) << "the last space is the word's";
  EXPECT_EQ(Words("a \n b"), (Strings{"a", " \n", " b"}));
  EXPECT_EQ(Words("a\n\nb"), (Strings{"a", "\n", "\n", "b"})) << "a line's end can't be";
  EXPECT_EQ(Words("a\t b  "), (Strings{"a", "\t", " b", "  "})) << "all white space at the end is one";
  EXPECT_EQ(Words("a\u00A0b\u3000\u3000c"), (Strings{"a", "\u00A0", "b", "\u3000", "\u3000", "c"}));
  EXPECT_EQ(Words(" "), (Strings{" "}));
  EXPECT_EQ(Words(" \u00E9t\u00E9 \u4E2D\u6587!? \U0001F642"), (Strings{" été", " 中文", "!?", " \U0001F642"}));
  EXPECT_EQ(Words("e\u0301"), (Strings{"e", "\u0301"})) << "a mark is no letter";
}

/// How GPT-2 writes a byte.
std::string Letter(int byte) {
  static const std::map<int, std::string> letters = [] {
    std::map<int, std::string> result;
    char32_t next = 0x100;
    for (int i = 0; i < 256; ++i) {
      const bool printable = (i > 32 && i < 127) || (i > 160 && i != 173);
      AppendUtf8(printable ? static_cast<char32_t>(i) : next++, result[i]);
    }
    return result;
  }();
  return letters.at(byte);
}

ByteLevelBpeParts SmallBpeParts() {
  ByteLevelBpeParts parts;
  for (int byte = 0; byte < 256; ++byte) parts.pieces.push_back(Letter(byte));
  parts.merges = {{"a", "b"}, {"b", "a"}, {"a", "a"}, {"ab", "ab"}, {"Ġ", "a"}, {"aa", "aa"}, {"ab", "a"}, {"Ġa", "b"}};
  for (const auto& [left, right] : parts.merges) parts.pieces.push_back(left + right);
  std::ranges::sort(parts.pieces);
  parts.pieces.erase(std::ranges::unique(parts.pieces).begin(), parts.pieces.end());
  return parts;
}

std::unique_ptr<PieceModel> Make(ByteLevelBpeParts parts) {
  return ByteLevelBpe::Make(std::move(parts), "test").value();
}

/// The lowest rank first, the leftmost of equals, until no two neighbours merge.
std::string Plainly(const ByteLevelBpeParts& parts, const std::string& text) {
  std::string joined;
  for (const std::string& word : Words(text)) {
    Strings symbols;
    for (const char c : word) symbols.push_back(Letter(static_cast<unsigned char>(c)));
    while (true) {
      size_t best = parts.merges.size(), at = 0;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        const auto found = std::ranges::find(parts.merges, std::pair(symbols[i], symbols[i + 1]));
        const auto rank = static_cast<size_t>(found - parts.merges.begin());
        if (rank < best) best = rank, at = i;
      }
      if (best == parts.merges.size()) break;
      symbols[at] += symbols[at + 1];
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    for (const std::string& symbol : symbols) joined += (joined.empty() ? "" : " ") + symbol;
  }
  return joined;
}

TEST(ByteLevelBpe, ShortAndLongWordsEqualThePlainReference) {
  const ByteLevelBpeParts parts = SmallBpeParts();
  const auto model = Make(parts);
  Random random(5);
  for (int i = 0; i < 6000; ++i) {
    const bool spaces = i % 2 == 0;
    std::string text;
    for (uint32_t length = random.Below(i % 10 == 0 ? 150 : 30); length > 0; --length)
      text += "aabb c"[random.Below(spaces ? 6 : 4)];
    ASSERT_EQ(Pieces(*model, text), Plainly(parts, text)) << text;
  }
  for (size_t length = 60; length < 70; ++length) {  // about where the method changes
    const std::string text(length, 'a');
    EXPECT_EQ(Pieces(*model, text), Plainly(parts, text));
  }
}

TEST(ByteLevelBpe, AWordOfAMillionLettersIsDoneInOneGo) {
  const auto model = Make(SmallBpeParts());
  std::vector<int32_t> ids;
  model->Encode(std::string(1 << 20, 'a'), 0, 1u << 30, ids, nullptr);
  EXPECT_EQ(ids.size(), 1u << 18);
  ids.clear();
  model->Encode(std::string(1 << 20, '\n') + "a", 0, 10, ids, nullptr);
  EXPECT_GE(ids.size(), 10u);
}

TEST(ByteLevelBpe, SpansAreBytesOfTheTextWithoutItsSpaces) {
  ByteLevelBpeParts parts = SmallBpeParts();
  const std::string text = "a aé\xFF  b";
  const auto spans_of = [&] {
    const auto model = Make(parts);
    std::vector<int32_t> ids;
    std::vector<TokenSpan> spans;
    model->Encode(text, 10, 1000, ids, &spans);
    EXPECT_EQ(ids.size(), spans.size());
    return spans;
  };
  const std::vector<TokenSpan> trimmed = {{10, 11}, {12, 13}, {13, 14}, {14, 15}, {15, 16},
                                          {15, 16}, {15, 16}, {17, 17}, {18, 18}, {18, 19}};
  EXPECT_EQ(spans_of(), trimmed);
  parts.add_prefix_space = true;
  EXPECT_EQ(spans_of(), trimmed) << "a space in front is none of the text";
  parts.trim_offsets = false;
  EXPECT_EQ(spans_of()[1], (TokenSpan{11, 13}));
}

TEST(ByteLevelBpe, TheFirstWordMayGetASpace) {
  ByteLevelBpeParts parts = SmallBpeParts();
  parts.add_prefix_space = true;
  const auto model = Make(parts);
  EXPECT_EQ(Pieces(*model, "ac"), "Ġa c");
  EXPECT_EQ(Pieces(*model, " ac"), "Ġa c");
  EXPECT_EQ(Pieces(*model, ""), "");
}

TEST(ByteLevelBpe, BytesWithoutAPieceAreUnknownOrLeftOut) {
  ByteLevelBpeParts parts = SmallBpeParts();
  std::erase(parts.pieces, "c");
  EXPECT_EQ(Pieces(*Make(parts), "acb"), "a b");
  parts.pieces.emplace_back("<unk>");
  parts.unknown = "<unk>";
  EXPECT_EQ(Pieces(*Make(parts), "acb"), "a <unk> b");
}

TEST(ByteLevelBpe, RandomBytesCountAsReplacementCharacters) {
  const auto model = Make(SmallBpeParts());
  Random random(6);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes, text;
    for (uint32_t length = random.Below(90); length > 0; --length) bytes += static_cast<char>(random.Below(256));
    for (size_t at = 0; at < bytes.size();) AppendUtf8(NextCodePoint(bytes, at), text);
    std::vector<int32_t> ids, expected;
    std::vector<TokenSpan> spans;
    model->Encode(bytes, 0, 1000, ids, &spans);
    model->Encode(text, 0, 1000, expected, nullptr);
    ASSERT_EQ(ids, expected);
    for (const TokenSpan& span : spans) ASSERT_TRUE(span.begin <= span.end && span.end <= bytes.size());
  }
}

TEST(ByteLevelBpe, BrokenVocabulariesAreRefused) {
  ByteLevelBpeParts parts = SmallBpeParts();
  parts.merges.emplace_back("a", "nothing");
  EXPECT_FALSE(ByteLevelBpe::Make(parts, "test"));
  parts.merges.back() = {"c", "c"};
  EXPECT_FALSE(ByteLevelBpe::Make(parts, "test")) << "pieces that there are, but not what they make";
  parts.merges.pop_back();
  parts.pieces.push_back(parts.pieces.front());
  EXPECT_FALSE(ByteLevelBpe::Make(parts, "test"));
}

}  // namespace
}  // namespace winnow
