// What the files beside a vocabulary change. The ids are those of transformers 4.57 and 5.24 (AutoTokenizer on the same
// files), which tools/conformance/tokenizer_variants.py compares on many texts.
#include "tokenize/tokenizer_settings.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

using Ids = std::vector<int32_t>;

constexpr const char* kVocab =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsee\nnow\n[\n]\nurl\nhi\nHi\na\nb\nc\n##b\n\u00c9\ne\n\u4e2d\n";  // 19 pieces
constexpr const char* kMpnetVocab = "<s>\n<pad>\n</s>\n<unk>\n[UNK]\na\nb\n<mask>\n";

class TokenizerSettingsOf : public ::testing::Test {
 protected:
  void Write(const char* name, std::string_view contents) {
    ASSERT_TRUE(WriteFileAtomically(directory_.path() / name, contents));
  }
  Tokenizer Load() { return Tokenizer::Load(directory_.path()).value(); }
  std::string LoadError() {
    const auto result = Tokenizer::Load(directory_.path());
    return result ? std::string() : result.error().message;
  }
  Ids Encode(std::string_view text, bool parse = false) {
    Ids ids;
    Load().Encode(text, {.add_special_tokens = false, .parse_special_tokens = parse}, ids);
    return ids;
  }
  static std::string Decoder(const std::string& flags) {
    return R"({"do_lower_case": true, "added_tokens_decoder": {"19": {"content": "[url]")" + flags + "}}}";
  }

  TemporaryDirectory directory_;
};
using VocabTxt = TokenizerSettingsOf;
using TokenizerJson = TokenizerSettingsOf;

TEST_F(VocabTxt, AddedTokensAreTokens) {
  Write("vocab.txt", kVocab);
  EXPECT_EQ(Encode("see [url]"), (Ids{5, 7, 9, 8}));
  Write("added_tokens.json", R"({"[url]": 19})");
  EXPECT_EQ(Encode("see [url] now"), (Ids{5, 19, 6}));
  EXPECT_EQ(Encode("[URL]"), (Ids{19})) << "searched for in the normalized text";
  EXPECT_EQ(Load().vocab_size(), 20);
  Write("added_tokens.json", R"({"[url]": 40})");
  EXPECT_EQ(Encode("[url]"), (Ids{19})) << "the place in the vocabulary counts";
}

TEST_F(VocabTxt, FlagsThatAreNotBooleansAreRefusedByName) {
  Write("vocab.txt", kVocab);
  for (const char* value : {"0", "\"false\"", "null", "[]"}) {
    Write("tokenizer_config.json", R"({"do_lower_case": )" + std::string(value) + "}");
    EXPECT_NE(LoadError().find("'do_lower_case' is "), std::string::npos) << value;
  }
  Write("tokenizer_config.json", R"({"tokenize_chinese_chars": 1})");
  EXPECT_NE(LoadError().find("'tokenize_chinese_chars' is 1, expected true or false"), std::string::npos);
  Write("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": null})");
  EXPECT_EQ(Encode("Hi"), (Ids{11}));
}

TEST_F(VocabTxt, TokenizersWithCodeOfTheirOwnAreRefused) {
  Write("vocab.txt", kVocab);
  const std::string map = R"("auto_map": {"AutoTokenizer": ["own.Words", null]})";
  for (const std::string& config :
       {"{" + map + "}", R"({"tokenizer_class": "Words", )" + map + "}", std::string(R"({"tokenizer_class": "Words"})"),
        R"({"tokenizer_class": "PreTrainedTokenizerFast", )" + map + "}"}) {
    Write("tokenizer_config.json", config);
    EXPECT_NE(LoadError(), "") << config;
  }
  Write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer", )" + map + "}");
  EXPECT_EQ(Encode("see now"), (Ids{5, 6}));
}

TEST_F(TokenizerSettingsOf, ASentencePieceFileOfAlbertAloneIsNamed) {
  Write("spiece.model", "");
  EXPECT_NE(LoadError().find("there is spiece.model"), std::string::npos);
}

TEST_F(VocabTxt, FlagsOfAddedTokensAreFollowed) {
  Write("vocab.txt", kVocab);
  Write("tokenizer_config.json", Decoder(R"(, "normalized": false)"));
  EXPECT_EQ(Encode("[URL] [url]"), (Ids{7, 9, 8, 19}));
  Write("tokenizer_config.json", Decoder(R"(, "normalized": true)"));
  EXPECT_EQ(Encode("a[URL]b"), (Ids{12, 19, 13}));
  Write("tokenizer_config.json", Decoder(R"(, "normalized": true, "single_word": true)"));
  EXPECT_EQ(Encode("a[url] [url]"), (Ids{12, 7, 9, 8, 19}));
  Write("tokenizer_config.json", Decoder(R"(, "normalized": false, "special": true)"));
  EXPECT_EQ(Encode("[url]"), (Ids{19})) << "special, but without a role";
  Write("added_tokens.json", R"({"[hi]": 19})");
  EXPECT_EQ(Encode("[hi]"), (Ids{7, 10, 8})) << "added_tokens_decoder counts alone";
}

TEST_F(VocabTxt, SpecialTokensWithARoleAreTextUnlessParsed) {
  Write("vocab.txt", kVocab);
  Write("special_tokens_map.json", R"({"additional_special_tokens": ["[url]"], "cls_token": "[MASK]"})");
  EXPECT_EQ(Encode("[url] [SEP]"), (Ids{19, 7, 1, 8}));
  EXPECT_EQ(Encode("[url] [SEP]", true), (Ids{19, 3}));
  EXPECT_EQ(Load().before().front(), 4);
}

TEST_F(VocabTxt, OptionsOfTheNormalizerAreFollowed) {
  Write("vocab.txt", kVocab);
  EXPECT_EQ(Encode("Hi \u00c9"), (Ids{10, 17}));
  Write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(Encode("Hi \u00c9"), (Ids{11, 16}));
  Write("tokenizer_config.json", R"({"do_lower_case": true, "strip_accents": false})");
  EXPECT_EQ(Encode("Hi \u00c9"), (Ids{10, 1}));
  Write("tokenizer_config.json", R"({"tokenize_chinese_chars": false})");
  EXPECT_EQ(Encode("a\u4e2d \u4e2d"), (Ids{1, 18}));
  Write("tokenizer_config.json", R"({"do_basic_tokenize": false, "never_split": ["Hi"]})");
  EXPECT_EQ(Encode("Hi"), (Ids{10})) << "AutoTokenizer ignores these";
}

TEST_F(VocabTxt, MpnetHasRobertasFrame) {
  Write("vocab.txt", kMpnetVocab);
  Write("config.json", R"({"model_type": "mpnet"})");
  Ids ids;
  EXPECT_EQ(Load().EncodePair("a z", "b", 100, PairCut::kFirst, ids), 5u);
  EXPECT_EQ(ids, (Ids{0, 5, 4, 2, 2, 6, 2}));
}

TEST_F(VocabTxt, OtherClassesAreRefused) {
  Write("vocab.txt", kVocab);
  Write("config.json", R"({"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"})");
  EXPECT_NE(LoadError().find("'BertJapaneseTokenizer'"), std::string::npos);
}

TEST_F(VocabTxt, TheBeginMayBeCut) {
  Write("vocab.txt", kVocab);
  Write("tokenizer_config.json", R"({"truncation_side": "left"})");
  const Tokenizer tokenizer = Load();
  Ids ids;
  tokenizer.Encode("a b c a", 4, ids);
  EXPECT_EQ(ids, (Ids{2, 14, 12, 3}));
  ids.clear();
  std::vector<TokenSpan> spans;
  tokenizer.Encode("a b c a", {.max_length = 4}, ids, &spans);
  EXPECT_EQ(ids, (Ids{2, 14, 12, 3}));
  EXPECT_EQ(spans[1], (TokenSpan{4, 5}));
  ids.clear();
  tokenizer.EncodePair("a b c a", "hi hi", 7, PairCut::kLonger, ids);
  EXPECT_EQ(ids, (Ids{2, 14, 12, 3, 10, 10, 3}));
  ids.clear();
  tokenizer.EncodePair("a b c a", "hi hi", 7, PairCut::kFirst, ids);
  EXPECT_EQ(ids, (Ids{2, 14, 12, 3, 10, 10, 3}));
  const TemporaryDirectory saved;
  ASSERT_TRUE(tokenizer.Save(saved.path(), 4));
  ids.clear();
  Tokenizer::Load(saved.path()).value().Encode("a b c a", 4, ids);
  EXPECT_EQ(ids, (Ids{2, 14, 12, 3}));
}

TEST_F(TokenizerJson, IsChangedByTheFilesBesideItAsTransformersDoes) {
  Write("tokenizer.json", R"({"normalizer": {"type": "BertNormalizer", "lowercase": false},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "added_tokens": [{"id": 5, "content": "[x]", "normalized": false, "special": false}],
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "Hi": 1, "hi": 2, "x": 3, "[": 4}}})");
  EXPECT_EQ(Encode("Hi"), (Ids{1}));
  Write("config.json", R"({"model_type": "bert"})");
  EXPECT_EQ(Encode("Hi"), (Ids{2})) << "the default of BERT's class";
  Write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(Encode("Hi"), (Ids{1}));
  Write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": true})");
  EXPECT_EQ(Encode("Hi"), (Ids{1})) << "which reads tokenizer.json as it is";
  EXPECT_EQ(Encode("[X]"), (Ids{4, 0, 0}));
  Write("tokenizer_config.json",
        R"({"added_tokens_decoder": {"5": {"content": "[x]", "normalized": true}, "6": {"content": "[y]"}}})");
  EXPECT_EQ(Encode("[X] [y]"), (Ids{5, 6}));
}

TEST_F(TokenizerJson, ContradictionsThatVersionsReadDifferentlyAreRefused) {
  Write("tokenizer.json", R"({"pre_tokenizer": {"type": "Metaspace"},
    "model": {"type": "Unigram", "unk_id": 0, "vocab": [["[UNK]", 0], ["a", -1]]}})");
  for (const char* key : {"do_lower_case", "split_by_punct"}) {
    Write("tokenizer_config.json", R"({"tokenizer_class": "DebertaV2Tokenizer", ")" + std::string(key) + "\": true}");
    EXPECT_NE(LoadError().find(key), std::string::npos);
  }
  Write("tokenizer_config.json", R"({"tokenizer_class": "AlbertTokenizer", "keep_accents": false})");
  EXPECT_NE(LoadError().find("keep_accents"), std::string::npos);
  Write("tokenizer_config.json", R"({"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": false})");
  EXPECT_EQ(LoadError(), "");
}

TEST_F(TokenizerSettingsOf, BrokenFilesAreNamed) {
  Write("vocab.txt", kVocab);
  Write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "[url]"}}})");
  EXPECT_NE(LoadError().find("the id 'x'"), std::string::npos);
  Write("tokenizer_config.json", R"({"added_tokens_decoder": {"19": {}}})");
  EXPECT_NE(LoadError().find("no content"), std::string::npos);
  Write("tokenizer_config.json", "{}");
  Write("added_tokens.json", R"({"[url]": "19"})");
  EXPECT_NE(LoadError().find("the id of '[url]'"), std::string::npos);
  Write("added_tokens.json", "[]");
  EXPECT_NE(LoadError().find("added_tokens.json: not an object"), std::string::npos);
}

}  // namespace
}  // namespace winnow
