#include "tokenize/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/random.h"
#include "support/temporary_directory.h"
#include "text/segments.h"

namespace winnow {
namespace {

const std::vector<std::string> kPieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",   "play",       "##ing",
                                          "##s",   "the",   "un",    "##aff", "##able",   "a",          "##b",
                                          "b",     "!",     "i",     "中",    "\xCF\x83", "##\xCF\x83", "e",
                                          "##e",   "ᄀ",    "##ᅡ",  "[",     "]",        "sep",        "##\xC3\xA9"};

TokenizerParts SmallParts(bool lowercase = true) {
  TokenizerParts parts;
  parts.normalization.lowercase = parts.normalization.strip_accents = lowercase;
  parts.pieces = kPieces;
  for (int32_t id = 0; id < 5; ++id)
    parts.added.push_back({.content = kPieces[static_cast<size_t>(id)], .id = id, .special = true});
  parts.before = {2};
  parts.after = {3};
  return parts;
}

Tokenizer Small(bool lowercase = true) { return Tokenizer::Make(SmallParts(lowercase), "test").value(); }

std::string PiecesOfText(const Tokenizer& tokenizer, std::string_view text,
                         Tokenizer::EncodeOptions options = {.add_special_tokens = false}) {
  std::vector<int32_t> ids;
  tokenizer.Encode(text, options, ids);
  std::string joined;
  for (const int32_t id : ids) joined += (joined.empty() ? "" : " ") + std::string(tokenizer.TokenText(id));
  return joined;
}

TEST(Tokenizer, TakesTheLongestPieceFirst) {
  const Tokenizer tokenizer = Small();
  EXPECT_EQ(PiecesOfText(tokenizer, "The UNAFFABLE playing!"), "the un ##aff ##able play ##ing !");
  EXPECT_EQ(PiecesOfText(tokenizer, "ab abs plays"), "a ##b a ##b ##s play ##s");
  EXPECT_EQ(PiecesOfText(tokenizer, "playx"), "[UNK]") << "a word that can't be split is unknown as a whole";
}

TEST(Tokenizer, NormalisesAsBertDoes) {
  const Tokenizer tokenizer = Small();
  EXPECT_EQ(PiecesOfText(tokenizer, "É\u0301e"), "e ##e") << "accents go, composed or not";
  EXPECT_EQ(PiecesOfText(tokenizer, "İ"), "i") << "the Turkish capital: its dot is an accent";
  EXPECT_EQ(PiecesOfText(tokenizer, "ΣΣ"), "σ ##σ") << "no final sigma";
  EXPECT_EQ(PiecesOfText(tokenizer, "가"), "ᄀ ##ᅡ") << "hangul is decomposed";
  EXPECT_EQ(PiecesOfText(tokenizer, "a中b"), "a 中 b") << "ideographs are words";
  EXPECT_EQ(PiecesOfText(tokenizer, "a\u00A0b\u3000a\tb\nb"), "a b a b b") << "every white space divides";
  EXPECT_EQ(PiecesOfText(tokenizer, std::string("pl\0ay\x01s\u200D", 10)), "play ##s")
      << "control and format characters go";
  EXPECT_EQ(PiecesOfText(Small(false), "éThe The the"), "[UNK] [UNK] the") << "cased";
}

TEST(Tokenizer, HostileTextsAreTokenizedAllTheSame) {
  const Tokenizer tokenizer = Small();
  EXPECT_EQ(PiecesOfText(tokenizer, ""), "");
  EXPECT_EQ(PiecesOfText(tokenizer, "  \t\r\n "), "");
  EXPECT_EQ(PiecesOfText(tokenizer, std::string(5, '\0')), "");
  EXPECT_EQ(PiecesOfText(tokenizer, "\xFF\xFE\x80 a \xE4\xB8 b \xF0\x9F"), "a b")
      << "invalid bytes are U+FFFD, which is dropped";
  EXPECT_EQ(PiecesOfText(tokenizer, "🙂"), "[UNK]");
  EXPECT_EQ(PiecesOfText(tokenizer, std::string(1 << 20, 'a')), "[UNK]");
  EXPECT_EQ(PiecesOfText(tokenizer, "a" + std::string(99, 'b')).substr(0, 9), "a ##b ##b");
  EXPECT_EQ(PiecesOfText(tokenizer, "a" + std::string(100, 'b')), "[UNK]") << "more than 100 characters";
  std::string many;
  for (int i = 0; i < 200000; ++i) many += "play ";
  std::vector<int32_t> ids;
  tokenizer.Encode(many, 1 << 30, ids);
  EXPECT_EQ(ids.size(), 200002u);
}

TEST(Tokenizer, TruncatesToTheLengthThatIsAskedFor) {
  const Tokenizer tokenizer = Small();
  for (int max_length = 0; max_length < 9; ++max_length) {
    std::vector<int32_t> ids = {99};
    tokenizer.Encode("unaffable plays", max_length, ids);
    EXPECT_EQ(ids.size(), static_cast<size_t>(std::min(max_length, 7)) + 1);
    EXPECT_EQ(ids[0], 99) << "what was there stays";
    if (max_length >= 1) {
      EXPECT_EQ(ids[1], 2);
    }
    if (max_length >= 2) {
      EXPECT_EQ(ids.back(), 3) << "the separator is kept";
    }
  }
  std::vector<int32_t> ids;
  tokenizer.Encode("the the", -5, ids);
  EXPECT_TRUE(ids.empty());
}

TEST(Tokenizer, SegmentsAreDividedBySeparators) {
  const Tokenizer tokenizer = Small();
  const std::string text = std::string("the") + kSegmentSeparator + "plays" + kSegmentSeparator + "[SEP]";
  std::vector<int32_t> ids;
  tokenizer.Encode(InputTextView::OfJoined(text), 100, ids);
  EXPECT_EQ(ids, (std::vector<int32_t>{2, 8, 3, 5, 7, 3, 24, 26, 25, 3})) << "letters in a text are letters";
  for (int max_length = 0; max_length <= 10; ++max_length) {
    std::vector<int32_t> cut;
    tokenizer.Encode(InputTextView::OfJoined(text), max_length, cut);
    EXPECT_EQ(cut.size(), static_cast<size_t>(max_length));
  }
  ids.clear();
  tokenizer.Encode(text, 100, ids);
  EXPECT_EQ(std::ranges::count(ids, 3), 1) << "for a plain text the divider is a control character";
}

TEST(Tokenizer, HeadAndTailOfALongTextStay) {
  const Tokenizer tokenizer = Small();
  using Ids = std::vector<int32_t>;
  const auto cut = [&](InputTextView text, int max_length) {
    Ids ids = {99};
    tokenizer.EncodeHeadTail(text, max_length, ids);
    EXPECT_EQ(ids[0], 99) << "what was there stays";
    ids.erase(ids.begin());
    return ids;
  };
  const std::string text = "the a b ! i e play un [ ]";
  EXPECT_EQ(cut(text, 100), (Ids{2, 8, 12, 14, 15, 16, 20, 5, 9, 24, 25, 3})) << "all of it where it fits";
  EXPECT_EQ(cut(text, 12), cut(text, 100));
  EXPECT_EQ(cut(text, 11), (Ids{2, 8, 12, 15, 16, 20, 5, 9, 24, 25, 3}));
  EXPECT_EQ(cut(text, 10), (Ids{2, 8, 12, 16, 20, 5, 9, 24, 25, 3})) << "a quarter and three";
  EXPECT_EQ(cut(text, 3), (Ids{2, 25, 3}));
  EXPECT_EQ(cut(text, 2), (Ids{2, 3}));
  EXPECT_EQ(cut(text, 1), (Ids{2}));
  EXPECT_EQ(cut(text, -1), Ids{});
  EXPECT_EQ(cut(InputTextView::OfJoined(""), 10), (Ids{2, 3}));
  // A subject stays with its separator where that leaves half of the room for the body.
  const std::string mail = std::string("the a b") + kSegmentSeparator + "! i e play un [ ]";
  EXPECT_EQ(cut(InputTextView::OfJoined(mail), 100), (Ids{2, 8, 12, 14, 3, 15, 16, 20, 5, 9, 24, 25, 3}));
  EXPECT_EQ(cut(InputTextView::OfJoined(mail), 10), (Ids{2, 8, 12, 14, 3, 5, 9, 24, 25, 3}));
  EXPECT_EQ(cut(InputTextView::OfJoined(mail), 9), (Ids{2, 8, 16, 20, 5, 9, 24, 25, 3}))
      << "too long a subject is text like the rest";
  EXPECT_EQ(cut(mail, 9), (Ids{2, 8, 16, 20, 5, 9, 24, 25, 3}));
}

TEST(Tokenizer, ContentIsATextWithoutSpecialTokens) {
  const Tokenizer tokenizer = Small();
  using Ids = std::vector<int32_t>;
  const std::string mail = std::string("the") + kSegmentSeparator + "a" + kSegmentSeparator + "b b";
  for (size_t limit = 0; limit < 9; ++limit) {
    Ids ids = {99};
    const size_t lead = tokenizer.EncodeContent(InputTextView::OfJoined(mail), limit, ids);
    Ids expected = {99, 8, 3, 12, 3, 14, 14};
    expected.resize(std::min(limit, size_t{6}) + 1);
    EXPECT_EQ(ids, expected);
    EXPECT_EQ(lead, limit >= 4 ? 4u : limit >= 2 ? 2u : 0u);
  }
  Ids plain;
  EXPECT_EQ(tokenizer.EncodeContent(mail, 100, plain), 0u);
  EXPECT_EQ(std::ranges::count(plain, 3), 0);
}

TEST(Tokenizer, PairsAreDividedAndTheFirstTextIsCut) {
  const Tokenizer tokenizer = Small();
  using Ids = std::vector<int32_t>;
  const auto pair = [&](std::string_view first, std::string_view second, int max_length) {
    Ids ids = {99};
    const size_t before_second = tokenizer.EncodePair(first, second, max_length, PairCut::kFirst, ids);
    EXPECT_EQ(ids[0], 99) << "what was there stays";
    ids.erase(ids.begin());
    EXPECT_LE(ids.size(), static_cast<size_t>(std::max(max_length, 0)));
    EXPECT_LE(before_second, ids.size());
    ids.push_back(-static_cast<int32_t>(before_second));
    return ids;
  };
  EXPECT_EQ(pair("the play!", "plays", 100), (Ids{2, 8, 5, 15, 3, 5, 7, 3, -5}));
  EXPECT_EQ(pair("the play!", "plays", 8), (Ids{2, 8, 5, 15, 3, 5, 7, 3, -5}));
  EXPECT_EQ(pair("the play!", "plays", 7), (Ids{2, 8, 5, 3, 5, 7, 3, -4}));
  EXPECT_EQ(pair("the play!", "plays", 5), (Ids{2, 3, 5, 7, 3, -2})) << "nothing is left of the first";
  EXPECT_EQ(pair("the play!", "plays", 4), (Ids{2, 3, 5, 3, -2})) << "only then the second is cut";
  EXPECT_EQ(pair("the play!", "plays", 2), (Ids{2, 3, -2}));
  EXPECT_EQ(pair("the play!", "plays", 1), (Ids{2, -1}));
  EXPECT_EQ(pair("the play!", "plays", -1), (Ids{0}));
  EXPECT_EQ(pair("", "", 100), (Ids{2, 3, 3, -2}));
  EXPECT_EQ(pair("[SEP]", "the", 100), (Ids{2, 24, 26, 25, 3, 8, 3, -5})) << "letters in a text are letters";
}

TEST(Tokenizer, OfAPairTheLongerTextIsCut) {
  const Tokenizer tokenizer = Small();
  // As many tokens of each as Hugging Face's truncation="longest_first" leaves (tokenizers, utils/truncation.rs).
  const auto kept = [&](int first, int second, int room) {
    std::string a, b;
    for (int i = 0; i < first; ++i) a += "the ";
    for (int i = 0; i < second; ++i) b += "play ";
    std::vector<int32_t> ids;
    const size_t before_second = tokenizer.EncodePair(a, b, room + 3, PairCut::kLonger, ids);
    EXPECT_EQ(std::ranges::count(ids, 8), static_cast<int>(before_second) - 2);
    return std::pair(static_cast<int>(before_second) - 2, static_cast<int>(ids.size() - before_second) - 1);
  };
  EXPECT_EQ(kept(3, 4, 10), std::pair(3, 4));
  EXPECT_EQ(kept(3, 9, 10), std::pair(3, 7));
  EXPECT_EQ(kept(9, 3, 10), std::pair(7, 3));
  EXPECT_EQ(kept(8, 9, 10), std::pair(5, 5));
  EXPECT_EQ(kept(8, 9, 11), std::pair(5, 6));
  EXPECT_EQ(kept(9, 8, 11), std::pair(6, 5));
  EXPECT_EQ(kept(9, 9, 11), std::pair(5, 6));
  EXPECT_EQ(kept(31, 30, 11), std::pair(6, 5));
  EXPECT_EQ(kept(30, 31, 11), std::pair(5, 6));
  EXPECT_EQ(kept(90, 0, 11), std::pair(11, 0));
  EXPECT_EQ(kept(9, 9, 0), std::pair(0, 0));
}

TEST(Tokenizer, SpecialTokensInATextArePlainUnlessAskedFor) {
  const Tokenizer tokenizer = Small();
  EXPECT_EQ(PiecesOfText(tokenizer, "the[SEP]"), "the [ sep ]");
  EXPECT_EQ(PiecesOfText(tokenizer, "the[SEP]a [MASK]!", {.add_special_tokens = false, .parse_special_tokens = true}),
            "the [SEP] a [MASK] !");
}

TEST(Tokenizer, AddedTokensStandForThemselves) {
  TokenizerParts parts = SmallParts();
  parts.added.push_back({.content = "<url>", .id = 40});
  parts.added.push_back({.content = "ab", .id = 41, .single_word = true});
  parts.added.push_back({.content = "<x>", .id = 42, .lstrip = true, .rstrip = true});
  const Tokenizer tokenizer = Tokenizer::Make(parts, "test").value();
  EXPECT_EQ(tokenizer.vocab_size(), 43);
  EXPECT_EQ(PiecesOfText(tokenizer, "the<url>a"), "the <url> a");
  EXPECT_EQ(PiecesOfText(tokenizer, "ab abs"), "ab a ##b ##s");
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  tokenizer.Encode("a  <x> b", {.add_special_tokens = false}, ids, &spans);
  EXPECT_EQ(ids, (std::vector<int32_t>{12, 42, 14}));
  EXPECT_EQ(spans[1], (TokenSpan{1, 7}));
}

TEST(Tokenizer, SpansAreBytesOfTheText) {
  const Tokenizer tokenizer = Small();
  const std::string text = "  É中 unaffable[SEP]x";
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  tokenizer.Encode(text, {.parse_special_tokens = true}, ids, &spans);
  ASSERT_EQ(spans.size(), ids.size());
  std::vector<std::string> parts;
  parts.reserve(spans.size());
  for (const TokenSpan& span : spans) parts.push_back(text.substr(span.begin, span.end - span.begin));
  EXPECT_EQ(parts, (std::vector<std::string>{"", "É", "中", "un", "aff", "able", "[SEP]", "x", ""}));
  for (int max_length = 0; max_length < 9; ++max_length) {
    ids.clear();
    spans.clear();
    tokenizer.Encode(text, {.max_length = max_length}, ids, &spans);
    EXPECT_EQ(spans.size(), ids.size());
  }
}

/// The basic tokenizer and the greedy split, written as plainly as possible, for texts of the pieces' own letters.
std::string SplitPlainly(const std::string& text) {
  std::string joined;
  const auto add = [&](const std::string& piece) { joined += (joined.empty() ? "" : " ") + piece; };
  const auto has = [](const std::string& piece) { return std::ranges::find(kPieces, piece) != kPieces.end(); };
  const auto word = [&](const std::string& letters) {
    std::vector<std::string> pieces;
    for (size_t begin = 0; begin < letters.size();) {
      size_t end = letters.size();
      const std::string prefix = begin == 0 ? "" : "##";
      while (end > begin && !has(prefix + letters.substr(begin, end - begin))) --end;
      if (end == begin) return add("[UNK]");
      pieces.push_back(prefix + letters.substr(begin, end - begin));
      begin = end;
    }
    for (const std::string& piece : pieces) add(piece);
  };
  std::string letters;
  for (const char c : text) {
    if (c == ' ' || c == '!' || c == '[' || c == ']') {
      word(letters);
      letters.clear();
      if (c != ' ') word(std::string(1, c));
    } else {
      letters += c;
    }
  }
  word(letters);
  return joined;
}

TEST(Tokenizer, RandomTextsEqualThePlainReference) {
  const Tokenizer tokenizer = Small();
  Random random(1);
  const std::string letters = "playingsthunfbei !!  []  ";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t length = random.Below(20); length > 0; --length)
      text += letters[random.Below(static_cast<uint32_t>(letters.size()))];
    ASSERT_EQ(PiecesOfText(tokenizer, text), SplitPlainly(text)) << text;
  }
}

TEST(Tokenizer, RandomBytesNeverBreakIt) {
  const Tokenizer tokenizer = Small();
  Random random(2);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t length = random.Below(40); length > 0; --length) text += static_cast<char>(random.Below(256));
    std::vector<int32_t> ids;
    std::vector<TokenSpan> spans;
    tokenizer.Encode(text, {.max_length = 16, .parse_special_tokens = true}, ids, &spans);
    ASSERT_LE(ids.size(), 16u);
    ASSERT_EQ(ids.size(), spans.size());
    for (const TokenSpan& span : spans) ASSERT_TRUE(span.begin <= span.end && span.end <= text.size());
    std::vector<int32_t> without;
    tokenizer.Encode(text, {.max_length = 16, .parse_special_tokens = true}, without);
    ASSERT_EQ(ids, without);
  }
}

TEST(TokenizerFiles, ASavedTokenizerLoadsFromEitherFile) {
  TemporaryDirectory directory;
  const Tokenizer tokenizer = Small();
  ASSERT_TRUE(tokenizer.Save(directory.path(), 64));
  const std::string text = "The unaffable [SEP] É中!";
  EXPECT_EQ(PiecesOfText(Tokenizer::Load(directory.path()).value(), text), PiecesOfText(tokenizer, text));
  std::filesystem::remove(directory.path() / "tokenizer.json");
  const Tokenizer from_text = Tokenizer::Load(directory.path()).value();
  EXPECT_EQ(PiecesOfText(from_text, text), PiecesOfText(tokenizer, text));
  std::vector<int32_t> separator;
  from_text.EncodeContent(InputTextView::OfJoined(std::string(1, kSegmentSeparator)), 8, separator);
  EXPECT_EQ(separator, std::vector<int32_t>{3});
  TemporaryDirectory copy;
  ASSERT_TRUE(CopyTokenizerFiles(directory.path(), copy.path()));
  EXPECT_EQ(ReadFile(copy.path() / "vocab.txt").value(), ReadFile(directory.path() / "vocab.txt").value());
}

TEST(TokenizerFiles, BrokenAndForeignFilesAreNamed) {
  TemporaryDirectory directory;
  const auto json = directory.path() / "tokenizer.json";
  EXPECT_EQ(Tokenizer::Load(directory.path()).error().code, ErrorCode::kNotFound);
  const std::pair<const char*, const char*> cases[] = {
      {"{", "tokenizer.json"},
      {"[]", "no 'model'"},
      {R"({"model": {"type": "WordLevel", "vocab": {}}})", "'WordLevel'"},
      {R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}, "pre_tokenizer": {"type": "Words"}})", "'Words'"},
      {R"({"model": {"type": "WordPiece", "vocab": {"a": 0}}, "pre_tokenizer": {"type": "BertPreTokenizer"}})",
       "no [UNK]"},
      {R"({"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 0}}, "pre_tokenizer": {"type": "BertPreTokenizer"}})",
       "same id 0"},
      {R"({"model": {"type": "WordPiece", "vocab": {"a": -1}}, "pre_tokenizer": {"type": "BertPreTokenizer"}})", "-1"},
      {R"({"model": {"type": "WordPiece", "vocab": {"a": "x"}}, "pre_tokenizer": {"type": "BertPreTokenizer"}})",
       "not a whole number"},
      {R"({"model": {"type": "WordPiece", "vocab": [1]}, "pre_tokenizer": {"type": "BertPreTokenizer"}})",
       "model.vocab"},
      {R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "normalizer": {"type": "Bold"}})",
       "'Bold'"},
      {R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": [{}]})",
       "added token"},
  };
  for (const auto& [text, part] : cases) {
    ASSERT_TRUE(WriteFileAtomically(json, text));
    const auto result = Tokenizer::Load(directory.path());
    ASSERT_FALSE(result) << text;
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  }
  std::filesystem::remove(json);
  for (const auto& [text, part] : {std::pair{"[CLS]\n[SEP]\na\n", "no [UNK]"},
                                   {"[UNK]\n[SEP]\n", "no [CLS]"},
                                   {"", "no [CLS]"},
                                   {"[UNK]\n[CLS]\n[SEP]\na\na\n", "'a' occurs twice"}}) {
    ASSERT_TRUE(WriteFileAtomically(directory.path() / "vocab.txt", text));
    const auto result = Tokenizer::Load(directory.path());
    ASSERT_FALSE(result) << text;
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  }
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nplay\r\n"));
  EXPECT_EQ(PiecesOfText(Tokenizer::Load(directory.path()).value(), "play"), "play");
}

}  // namespace
}  // namespace winnow
