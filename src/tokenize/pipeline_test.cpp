// tokenizer.json step by step. The pieces are those of Hugging Face's tokenizers 0.23.
#include "tokenize/pipeline.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"
#include "text/text_limits.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

/// The normal form of a text.
std::string Normal(const std::string& normalizer, std::string_view text) {
  const Json json = ParseJson(normalizer, "test").value();
  return Normalizer::Read(json, "test").value().Apply(text).text;
}

/// The pieces of a text, each in brackets.
std::string Split(const std::string& pre_tokenizer, std::string_view text) {
  const Json json = ParseJson(pre_tokenizer, "test").value();
  const SplitText split = PreTokenizer::Read(json, "test").value().Apply(MappedText::Of(text), 0);
  std::string joined;
  for (const PatternMatch& piece : split.pieces)
    joined += "[" + split.mapped.text.substr(piece.begin, piece.end - piece.begin) + "]";
  return joined;
}

std::string SplitAtLetterA(const std::string& behavior, const std::string& invert, std::string_view text) {
  return Split(
      R"({"type": "Split", "pattern": {"String": "a"}, "behavior": ")" + behavior + R"(", "invert": )" + invert + "}",
      text);
}

TEST(Normalizer, StepsAreThoseOfTokenizers) {
  EXPECT_EQ(Normal("null", "A\xFF"), "A\uFFFD");
  EXPECT_EQ(Normal(R"({"type": "Lowercase"})", "ΟΔΟΣ İ"), "οδοσ i\u0307");
  EXPECT_EQ(Normal(R"({"type": "StripAccents"})", "e\u0301é"), "eé");
  EXPECT_EQ(Normal(R"({"type": "NFD"})", "é"), "e\u0301");
  EXPECT_EQ(Normal(R"({"type": "NFKC"})", "Ａ½"), "A1⁄2");
  EXPECT_EQ(Normal(R"({"type": "Nmt"})", "a\tb\u200b\x01"), "a b ");
  EXPECT_EQ(Normal(R"({"type": "Strip", "strip_left": false, "strip_right": true})", " a \u3000"), " a");
  EXPECT_EQ(Normal(R"({"type": "Strip", "strip_left": true, "strip_right": true})", " \n"), "");
  EXPECT_EQ(Normal(R"({"type": "Prepend", "prepend": "_"})", "a"), "_a");
  EXPECT_EQ(Normal(R"({"type": "Prepend", "prepend": "_"})", ""), "");
  EXPECT_EQ(Normal(R"({"type": "Replace", "pattern": {"String": "``"}, "content": "\""})", "``a``"), "\"a\"");
  EXPECT_EQ(Normal(R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})", "a   b c"), "a b c");
  EXPECT_EQ(Normal(R"({"type": "Replace", "pattern": {"Regex": "\\s{2,}|[\\n\\r\\t]"}, "content": " "})",
                   "a\tb \u00a0c\u00a0d\n"),
            "a b c\u00a0d ");
  EXPECT_EQ(Normal(R"({"type": "Replace", "pattern": {"Regex": "\\d+"}, "content": "0"})", "a12b3"), "a0b0");
  EXPECT_EQ(Normal(R"({"type": "BertNormalizer", "lowercase": true})", "É中\x01\t"), "e 中  ");
  EXPECT_EQ(Normal(R"({"type": "ByteLevel"})", " é"), "ĠÃ©");
  EXPECT_EQ(Normal(R"({"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]})", "é"), "e");
}

TEST(Normalizer, ATextThatGrowsWithoutBoundIsGivenUp) {
  const std::string step =
      R"({"type": "Replace", "pattern": {"String": "a"}, "content": ")" + std::string(100, 'a') + "\"}";
  const std::string steps = step + "," + step + "," + step;
  EXPECT_EQ(Normal(step, "a"), std::string(100, 'a'));
  EXPECT_THROW(Normal(R"({"type": "Sequence", "normalizers": [)" + steps + "]}", "a"), TextLimitExceeded);
  EXPECT_THROW(Normal(step, std::string(1 << 20, 'a')), TextLimitExceeded);
  EXPECT_EQ(Normal(R"({"type": "NFKC"})", std::string("\uFDFA")).size(), 33u) << "what grows most in Unicode";
}

TEST(Normalizer, BytesRememberTheirSources) {
  const Json json = ParseJson(R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"},
    {"type": "Replace", "pattern": {"String": "x"}, "content": "yy"}]})",
                              "test")
                        .value();
  const MappedText text = Normalizer::Read(json, "test").value().Apply("aE\u0301X");
  ASSERT_EQ(text.text, "aéyy");
  EXPECT_EQ(text.SourceOf(1, 3), (TokenSpan{1, 4}));
  EXPECT_EQ(text.SourceOf(3, 5), (TokenSpan{4, 5}));
}

TEST(Normalizer, MarksThatChangePlacesHaveTheSourcesOfTheirPlaces) {
  const MappedText text =
      Normalizer::Read(ParseJson(R"({"type": "NFKD"})", "test").value(), "test").value().Apply("a$\u0331\u0302\u0316é");
  ASSERT_EQ(text.text, "a$\u0331\u0316\u0302e\u0301");
  EXPECT_EQ(text.SourceOf(1, 2), (TokenSpan{1, 2}));
  EXPECT_EQ(text.SourceOf(2, 4), (TokenSpan{2, 4}));
  EXPECT_EQ(text.SourceOf(6, 8), (TokenSpan{6, 8}));
  EXPECT_EQ(text.SourceOf(8, 9), (TokenSpan{8, 10})) << "a character that becomes two";
  EXPECT_EQ(text.SourceOf(9, 11), (TokenSpan{8, 10}));
}

TEST(PreTokenizer, OnlyThePieceAtTheBeginningIsTheFirst) {
  const auto normal = Normalizer::Read(ParseJson(R"({"type": "Sequence", "normalizers": [{"type": "NFKD"},
    {"type": "Prepend", "prepend": "▁"}]})",
                                                 "test")
                                           .value(),
                                       "test")
                          .value()
                          .Apply("$\u0331\u0302\u0316.");
  const SplitText split = PreTokenizer::Read(ParseJson(R"({"type": "Sequence", "pretokenizers": [
    {"type": "BertPreTokenizer"}, {"type": "Whitespace"},
    {"type": "Metaspace", "prepend_scheme": "first", "split": false}]})",
                                                       "test")
                                                 .value(),
                                             "test")
                              .value()
                              .Apply(normal, 0);
  std::string joined;
  for (const PatternMatch& piece : split.pieces)
    joined += "[" + split.mapped.text.substr(piece.begin, piece.end - piece.begin) + "]";
  EXPECT_EQ(joined, "[▁][▁$][\u0331\u0316\u0302][.]");
}

TEST(PreTokenizer, StepsAreThoseOfTokenizers) {
  EXPECT_EQ(Split("null", "a b"), "[a b]");
  EXPECT_EQ(Split(R"({"type": "BertPreTokenizer"})", " a,b "), "[a][,][b]");
  EXPECT_EQ(Split(R"({"type": "Whitespace"})", "a_1, ?!é"), "[a_1][,][?!][é]");
  EXPECT_EQ(Split(R"({"type": "WhitespaceSplit"})", " a, b\u3000c"), "[a,][b][c]");
  EXPECT_EQ(Split(R"({"type": "Punctuation", "behavior": "Contiguous"})", "a..b"), "[a][..][b]");
  EXPECT_EQ(Split(R"({"type": "Digits", "individual_digits": true})", "a12"), "[a][1][2]");
  EXPECT_EQ(Split(R"({"type": "Digits", "individual_digits": false})", "a12½b"), "[a][12½][b]");
  EXPECT_EQ(Split(R"({"type": "Metaspace"})", "a  b"), "[▁a][▁][▁b]");
  EXPECT_EQ(Split(R"({"type": "Metaspace", "prepend_scheme": "never", "split": false})", "a b"), "[a▁b]");
  EXPECT_EQ(Split(R"({"type": "ByteLevel", "add_prefix_space": true})", "a's é"), "[Ġa]['s][ĠÃ©]");
  EXPECT_EQ(Split(R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false})", "a b"), "[aĠb]");
  EXPECT_EQ(Split(R"({"type": "CharDelimiterSplit", "delimiter": "-"})", "a-b"), "[a][b]");
  EXPECT_EQ(Split(R"({"type": "Split", "pattern": {"Regex": "\\s+(?!\\S)|\\s+"}, "behavior": "Isolated"})", "a  b"),
            "[a][ ][ ][b]");
  EXPECT_EQ(Split(R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace",
    "prepend_scheme": "first"}]})",
                  "a b"),
            "[▁a][b]");
}

TEST(PreTokenizer, MatchesGoWhereTheBehaviorSays) {
  EXPECT_EQ(SplitAtLetterA("Removed", "false", "aabac"), "[b][c]");
  EXPECT_EQ(SplitAtLetterA("Isolated", "false", "aabac"), "[a][a][b][a][c]");
  EXPECT_EQ(SplitAtLetterA("MergedWithPrevious", "false", "aabac"), "[a][a][ba][c]");
  EXPECT_EQ(SplitAtLetterA("MergedWithNext", "false", "aabac"), "[a][ab][ac]");
  EXPECT_EQ(SplitAtLetterA("Contiguous", "false", "aabac"), "[aa][b][a][c]");
  EXPECT_EQ(SplitAtLetterA("Removed", "true", "aabac"), "[a][a][a]");
}

constexpr const char* kBpe = R"({"normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
  "model": {"type": "BPE", "unk_token": "<unk>", OPTIONS
  "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "aba": 4, "<0xC3>": 5, "<0x9F>": 6}, "merges": [["a", "b"]]}})";

std::vector<int32_t> Bpe(const std::string& options, std::string_view text) {
  std::string json = kBpe;
  json.replace(json.find("OPTIONS"), 7, options);
  std::vector<int32_t> ids;
  ParseTokenizerJson(json, "test").value().Encode(text, Tokenizer::EncodeOptions{}, ids);
  return ids;
}

TEST(BpeWords, OptionsAreThoseOfTokenizers) {
  using Ids = std::vector<int32_t>;
  EXPECT_EQ(Bpe("", "ABA xxb"), (Ids{3, 1, 0, 0, 2}));
  EXPECT_EQ(Bpe(R"("fuse_unk": true,)", "xxb x"), (Ids{0, 2, 0}));
  EXPECT_EQ(Bpe(R"("ignore_merges": true,)", "aba abab"), (Ids{4, 3, 3}));
  EXPECT_EQ(Bpe(R"("byte_fallback": true,)", "aßx"), (Ids{1, 5, 6, 0}));
}

TEST(BpeWords, AWordOfAMillionLettersIsDoneInOneGo) {
  std::vector<int32_t> ids = Bpe("", std::string(1 << 20, 'a') + std::string(1 << 20, 'b'));
  EXPECT_EQ(ids.size(), (size_t{1} << 21) - 1);
}

TEST(Pipeline, TokensCarryTheirPlacesInTheText) {
  const auto tokenizer = ParseTokenizerJson(
      R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]},
      "pre_tokenizer": {"type": "Metaspace"}, "added_tokens": [{"id": 4, "content": "[X]", "normalized": true}],
      "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁a", -1], ["b", -2], ["▁", -3]]}})",
      "test");
  ASSERT_TRUE(tokenizer);
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  tokenizer->Encode("ＡB [x]b", {}, ids, &spans);
  EXPECT_EQ(ids, (std::vector<int32_t>{1, 2, 3, 4, 3, 2}));
  EXPECT_EQ(spans[0], (TokenSpan{0, 3}));
  EXPECT_EQ(spans[1], (TokenSpan{3, 4}));
  EXPECT_EQ(spans[3], (TokenSpan{5, 8}));
  EXPECT_EQ(spans[5], (TokenSpan{8, 9}));
}

TEST(Pipeline, OfALongTextNoMoreIsReadThanItsTokensNeed) {
  const auto tokenizer = ParseTokenizerJson(
      R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Strip"}]},
      "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]},
      "added_tokens": [{"id": 5, "content": "a b", "normalized": true}],
      "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁a", -1], ["b", -2], ["▁", -3], ["c", -2]]}})",
      "test");
  ASSERT_TRUE(tokenizer);
  Random random(12);
  std::string text;
  while (text.size() < (5u << 20)) text += std::array{"a ", "b ", "c", "ｂ", "\n", " é", "aa b a b "}[random.Below(7)];
  std::vector<int32_t> all;
  tokenizer->Encode(text, Tokenizer::EncodeOptions{}, all);
  for (int i = 0; i < 300; ++i) {  // reading 5 MB each time would take minutes
    const size_t limit = random.Below(3000);
    std::vector<int32_t> ids;
    std::vector<TokenSpan> spans;
    tokenizer->Encode(text, {.max_length = static_cast<int>(limit)}, ids, i % 2 == 0 ? &spans : nullptr);
    ASSERT_EQ(ids, std::vector<int32_t>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(limit)));
    if (i % 2 == 0) {
      ASSERT_EQ(spans.size(), limit);
    }
  }
}

TEST(Pipeline, ARunOfWhiteSpaceThatIsTokensIsWalkedThroughOnce) {
  const auto tokenizer = ParseTokenizerJson(
      R"({"normalizer": null, "pre_tokenizer": {"type": "Metaspace"},
      "added_tokens": [{"id": 3, "content": "\n", "lstrip": true, "rstrip": true}],
      "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["▁", -3]]}})",
      "test");
  ASSERT_TRUE(tokenizer);
  std::vector<int32_t> ids;
  tokenizer->Encode("a" + std::string(1 << 20, '\n') + "a", Tokenizer::EncodeOptions{}, ids);  // 2^40 steps otherwise
  EXPECT_EQ(ids, (std::vector<int32_t>{2, 1, 3, 2, 1}));
}

TEST(Pipeline, RandomBytesNeverBreakIt) {
  const char* const kNormalizers[] = {"null", R"({"type": "NFKC"})", R"({"type": "BertNormalizer"})",
                                      R"({"type": "Replace", "pattern": {"Regex": "\\w\\s?"}, "content": ""})"};
  const char* const kPreTokenizers[] = {
      "null", R"({"type": "Metaspace"})", R"({"type": "ByteLevel", "add_prefix_space": true})",
      R"({"type": "Metaspace", "prepend_scheme": "first"})",
      R"({"type": "Split", "pattern": {"Regex": "\\p{L}+|\\s+"}, "behavior": "MergedWithNext"})"};
  Random random(11);
  for (const char* normalizer : kNormalizers) {
    for (const char* pre_tokenizer : kPreTokenizers) {
      const auto tokenizer = ParseTokenizerJson(
          std::string(R"({"normalizer": )") + normalizer + R"(, "pre_tokenizer": )" + pre_tokenizer +
              R"(, "added_tokens": [{"id": 3, "content": "  ", "normalized": true, "lstrip": true, "rstrip": true}],
              "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["▁", -3]]}})",
          "test");
      ASSERT_TRUE(tokenizer) << normalizer << pre_tokenizer;
      for (int i = 0; i < 300; ++i) {
        std::string bytes;
        for (uint32_t length = random.Below(40); length > 0; --length)
          bytes += random.Below(3) == 0 ? ' ' : static_cast<char>(random.Below(256));
        std::vector<int32_t> ids, cut;
        std::vector<TokenSpan> spans;
        tokenizer->Encode(bytes, {}, ids, &spans);
        ASSERT_EQ(ids.size(), spans.size());
        for (const TokenSpan& span : spans) ASSERT_TRUE(span.begin <= span.end && span.end <= bytes.size());
        tokenizer->Encode(bytes, {.max_length = 5}, cut);
        ids.resize(std::min<size_t>(ids.size(), 5));
        ASSERT_EQ(cut, ids);
      }
    }
  }
}

}  // namespace
}  // namespace winnow
