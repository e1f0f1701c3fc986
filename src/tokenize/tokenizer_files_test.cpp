// Tokenizers of the kinds other than WordPiece, from each of the files that they come in.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/random.h"
#include "support/sentencepiece_file.h"
#include "support/temporary_directory.h"
#include "tokenize/sentencepiece_model.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

using Ids = std::vector<int32_t>;

const std::vector<std::pair<std::string, float>> kScoredPieces = {{"▁", -2.F}, {"▁a", -2.5F}, {"a", -3.F},
                                                                  {"b", -3.F}, {"ab", -4.F},  {"c", -9.F}};

constexpr const char* kRobertaJson = R"({
  "added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 1, "content": "</s>", "special": true}],
  "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
  "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": true},
  "model": {"type": "BPE", "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "Ġ": 4, "ab": 5, "Ġab": 6},
            "merges": ["a b", ["Ġ", "ab"]]}
})";

class TokenizerFilesOf : public ::testing::Test {
 protected:
  void Write(const char* name, std::string_view contents) {
    ASSERT_TRUE(WriteFileAtomically(directory_.path() / name, contents));
  }
  Tokenizer Load() { return Tokenizer::Load(directory_.path()).value(); }
  Error LoadError() {
    const auto result = Tokenizer::Load(directory_.path());
    return result ? Error{} : result.error();
  }
  static Ids Encode(const Tokenizer& tokenizer, std::string_view text, bool parse = false) {
    Ids ids;
    tokenizer.Encode(text, {.parse_special_tokens = parse}, ids);
    return ids;
  }

  TemporaryDirectory directory_;
};
using DebertaFiles = TokenizerFilesOf;
using XlmRobertaFiles = TokenizerFilesOf;
using RobertaFiles = TokenizerFilesOf;

// Pieces begin at 260, after four special ones and 256 bytes.
TEST_F(DebertaFiles, IdsAreSentencePieces) {
  Write("spm.model", DebertaFile(kScoredPieces));
  const Tokenizer tokenizer = Load();
  EXPECT_EQ(Encode(tokenizer, "ab A\tb"), (Ids{1, 261, 263, 261, 260, 263, 2}));
  EXPECT_EQ(Encode(tokenizer, "é"), (Ids{1, 260, 4 + 0xC3, 4 + 0xA9, 2}));
  EXPECT_EQ(tokenizer.vocab_size(), 267);
  EXPECT_EQ(tokenizer.TokenId("[MASK]"), 266);
  EXPECT_EQ(tokenizer.unknown_id(), 3);
  EXPECT_EQ(tokenizer.TokenText(261), "▁a");
  EXPECT_EQ(Encode(tokenizer, "a[SEP]a[MASK]", true), (Ids{1, 261, 2, 261, 266, 2}));
  EXPECT_EQ(std::ranges::count(Encode(tokenizer, "a[SEP]a"), 2), 1) << "letters in a text are letters";
  Ids ids;
  EXPECT_EQ(tokenizer.EncodePair("a b", "c", 100, PairCut::kFirst, ids), 5u);
  EXPECT_EQ(ids, (Ids{1, 261, 260, 263, 2, 260, 265, 2}));
}

TEST_F(DebertaFiles, OptionsAreFollowedOrRefused) {
  Write("spm.model", DebertaFile({{"▁", -2.F}, {"▁ä", -3.F}, {"b", -3.F}}));
  Write("added_tokens.json", R"({"[MASK]": 263, "<url>": 264})");
  Write("tokenizer_config.json", R"({"tokenizer_class": "DebertaV2TokenizerFast", "do_lower_case": true})");
  const Tokenizer tokenizer = Load();
  EXPECT_TRUE(tokenizer.lowercase());
  EXPECT_EQ(Encode(tokenizer, "ÄB"), (Ids{1, 261, 262, 2}));
  EXPECT_EQ(Encode(tokenizer, "[MASK]<url>", true), (Ids{1, 263, 264, 2}));
  EXPECT_EQ(Encode(tokenizer, "b <URL>b"), (Ids{1, 260, 262, 260, 264, 260, 262, 2})) << "in the lowercased text";
  EXPECT_EQ(tokenizer.vocab_size(), 265);
  Write("tokenizer_config.json", R"({"split_by_punct": true})");
  EXPECT_EQ(Encode(Load(), "b.b"), (Ids{1, 260, 262, 260, 4 + '.', 260, 262, 2}));
  Write("tokenizer_config.json", R"({"tokenizer_class": "AlbertTokenizer"})");
  EXPECT_NE(LoadError().message.find("AlbertTokenizer"), std::string::npos);
}

TEST_F(XlmRobertaFiles, IdsAreFairseqs) {
  Write("sentencepiece.bpe.model", XlmRobertaFile(kScoredPieces));
  const Tokenizer tokenizer = Load();
  EXPECT_EQ(Encode(tokenizer, "ab é"), (Ids{0, 5, 7, 4, 3, 2}));
  EXPECT_EQ(tokenizer.vocab_size(), 11);
  EXPECT_EQ(tokenizer.TokenId("<mask>"), 10);
  EXPECT_EQ(tokenizer.TokenId("<pad>"), 1);
  Ids ids;
  EXPECT_EQ(tokenizer.EncodePair("a b", "c", 100, PairCut::kFirst, ids), 6u);
  EXPECT_EQ(ids, (Ids{0, 5, 4, 7, 2, 2, 4, 9, 2}));
  ids.clear();
  EXPECT_EQ(tokenizer.EncodePair("a b", "c", 7, PairCut::kFirst, ids), 4u) << "only the first is cut";
  EXPECT_EQ(ids, (Ids{0, 5, 2, 2, 4, 9, 2}));
  ids.clear();
  tokenizer.Encode(InputTextView::OfJoined("a\x1e"
                                           "a"),
                   100, ids);
  EXPECT_EQ(ids, (Ids{0, 5, 2, 5, 2}));
}

TEST_F(XlmRobertaFiles, TheFamilyIsNamedByTheConfigurationOrElseByTheFile) {
  Write("spm.model", XlmRobertaFile(kScoredPieces));
  EXPECT_NE(LoadError().message.find("no piece [PAD]"), std::string::npos) << "spm.model is DeBERTa's name";
  Write("config.json", R"({"model_type": "xlm-roberta"})");
  EXPECT_EQ(Encode(Load(), "a"), (Ids{0, 5, 2}));
  Write("tokenizer_config.json", R"({"tokenizer_class": "DebertaV2Tokenizer"})");
  EXPECT_NE(LoadError().message.find("no piece [PAD]"), std::string::npos);
}

TEST_F(RobertaFiles, EitherFileGivesTheSameIds) {
  Write("tokenizer.json", kRobertaJson);
  const Tokenizer whole = Load();
  std::filesystem::remove(directory_.path() / "tokenizer.json");
  Write("vocab.json", R"({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "Ġ": 4, "ab": 5, "Ġab": 6})");
  EXPECT_EQ(LoadError().code, ErrorCode::kNotFound) << "merges.txt is missing";
  Write("merges.txt", "#version: 0.2\r\na b\r\nĠ ab\r\n");
  const Tokenizer parts = Load();
  for (const Tokenizer* tokenizer : {&whole, &parts}) {
    EXPECT_EQ(Encode(*tokenizer, "ab ab"), (Ids{0, 5, 6, 1}));
    EXPECT_EQ(Encode(*tokenizer, "ba</s>", true), (Ids{0, 3, 2, 1, 1}));
    Ids ids;
    EXPECT_EQ(tokenizer->EncodePair("ab", "b", 100, PairCut::kFirst, ids), 4u);
    EXPECT_EQ(ids, (Ids{0, 5, 1, 1, 3, 1}));
  }
  Write("merges.txt", "a b c\n");
  EXPECT_NE(LoadError().message.find("line 1"), std::string::npos);
}

TEST_F(TokenizerFilesOf, WhatIsSavedLoadsAgain) {
  const TemporaryDirectory saved;
  const std::string text = "ab Ab\té\xFF  b c ab";
  const auto check = [&](const char* name, std::string_view contents) {
    const TemporaryDirectory from;
    ASSERT_TRUE(WriteFileAtomically(from.path() / name, contents));
    const Tokenizer before = Tokenizer::Load(from.path()).value();
    ASSERT_TRUE(before.Save(saved.path(), 77));
    const Tokenizer after = Tokenizer::Load(saved.path()).value();
    EXPECT_EQ(Encode(after, text), Encode(before, text)) << name;
    EXPECT_EQ(after.vocab_size(), before.vocab_size());
    Ids first, second;
    EXPECT_EQ(before.EncodePair(text, "b", 100, PairCut::kFirst, first),
              after.EncodePair(text, "b", 100, PairCut::kFirst, second));
    EXPECT_EQ(first, second);
    const TemporaryDirectory copy;
    ASSERT_TRUE(CopyTokenizerFiles(from.path(), copy.path()));
    EXPECT_EQ(ReadFile(copy.path() / name).value(), contents);
  };
  check("spm.model", DebertaFile(kScoredPieces));
  check("sentencepiece.bpe.model", XlmRobertaFile(kScoredPieces));
  check("tokenizer.json", kRobertaJson);
  std::filesystem::remove(saved.path() / "tokenizer.json");
  EXPECT_EQ(Encode(Tokenizer::Load(saved.path()).value(), "ab ab"), (Ids{0, 5, 6, 1})) << "vocab.json and merges.txt";
}

TEST_F(TokenizerFilesOf, OtherProgramsAreToldTheMaximumLength) {
  const auto json = [&](const char* name) {
    return ParseJson(ReadFile(directory_.path() / name).value(), name).value();
  };
  const std::string fixed = R"("truncation": {"direction": "Right", "max_length": 128, "strategy": "LongestFirst",
      "stride": 0}, "padding": {"strategy": {"Fixed": 128}, "pad_id": 1}, )";
  Write("tokenizer.json", "{" + fixed + std::string(kRobertaJson).substr(1));
  Write("tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656, "x": 1.50})");
  const Ids before = Encode(Tokenizer::Load(directory_.path()).value(), "ab Ab b");
  ASSERT_TRUE(LimitTokenizer(directory_.path(), 64));
  EXPECT_EQ(ReadFile(directory_.path() / "tokenizer_config.json").value(), R"({"model_max_length": 64, "x": 1.50})");
  EXPECT_EQ(json("tokenizer.json")["truncation"],
            Json({{"direction", "Right"}, {"max_length", 64}, {"strategy", "LongestFirst"}, {"stride", 0}}));
  EXPECT_TRUE(json("tokenizer.json")["padding"].is_null());
  EXPECT_EQ(json("sentence_bert_config.json")["max_seq_length"], 64);
  EXPECT_EQ(Encode(Tokenizer::Load(directory_.path()).value(), "ab Ab b"), before);

  Write("tokenizer_config.json", R"({"truncation_side": "left"})");
  ASSERT_TRUE(LimitTokenizer(directory_.path(), 9));
  EXPECT_EQ(json("tokenizer.json")["truncation"]["direction"], "Left");
  EXPECT_EQ(json("tokenizer.json")["truncation"]["max_length"], 9);
  EXPECT_EQ(json("tokenizer_config.json"), Json({{"model_max_length", 9}, {"truncation_side", "left"}}));
  // The side that tokenizer.json has counts where tokenizer_config.json has none.
  std::filesystem::remove(directory_.path() / "tokenizer_config.json");
  ASSERT_TRUE(LimitTokenizer(directory_.path(), 9));
  EXPECT_EQ(json("tokenizer.json")["truncation"]["direction"], "Left");

  Write("tokenizer.json", "[]");
  EXPECT_FALSE(LimitTokenizer(directory_.path(), 9));
}

TEST_F(TokenizerFilesOf, AVocabularyWithoutTokenizerJsonIsToldTheMaximumLengthToo) {
  Write("spm.model", DebertaFile(kScoredPieces));
  const Ids before = Encode(Tokenizer::Load(directory_.path()).value(), "ab b");
  ASSERT_TRUE(LimitTokenizer(directory_.path(), 12));
  EXPECT_EQ(ReadFile(directory_.path() / "tokenizer_config.json").value(), "{\n  \"model_max_length\": 12\n}");
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "tokenizer.json"));
  EXPECT_EQ(Encode(Tokenizer::Load(directory_.path()).value(), "ab b"), before);
}

TEST_F(TokenizerFilesOf, UnigramsJsonIsReadOrItsPartsAreNamed) {
  const auto json = [](const std::string& normalizer, const std::string& pre, const std::string& model) {
    return R"({"normalizer": )" + normalizer + R"(, "pre_tokenizer": )" + pre + R"(, "model": {"type": "Unigram", )" +
           model + "}}";
  };
  const std::string meta = R"({"type": "Metaspace", "replacement": "▁", "add_prefix_space": true})";
  const std::string model = R"("unk_id": 0, "vocab": [["<unk>", 0], ["▁a", -1], ["b", -2.5]])";
  Write("tokenizer.json", json("null", meta, model));
  EXPECT_EQ(Encode(Load(), "ab"), (Ids{1, 2}));
  const std::tuple<std::string, std::string, std::string, const char*> cases[] = {
      {"null", meta, R"("vocab": [["a", 0]])", "unk_id"},
      {"null", meta, R"("unk_id": 1, "vocab": [["a", 0]])", "unk_id"},
      {"null", meta, R"("unk_id": 0, "vocab": [["a"]])", "vocab[0]"},
      {"null", meta, R"("unk_id": 0, "vocab": {"a": 0})", "list"},
      {"null", meta, R"("unk_id": 0, "byte_fallback": true, "vocab": [["a", 0], ["b", 0]])", "256"},
      {"null", R"({"type": "UnicodeScripts"})", model, "'UnicodeScripts'"},
      {"null", R"({"type": "Metaspace", "prepend_scheme": "last"})", model, "prepend_scheme"},
      {R"({"type": "Bold"})", meta, model, "'Bold'"},
      {R"({"type": "Replace", "pattern": {"Other": "x"}, "content": "y"})", meta, model,
       "neither a String nor a Regex"},
      {R"({"type": "Replace", "pattern": {"Regex": "(a+)+"}, "content": "y"})", meta, model, "repeated group"},
      {R"({"type": "Precompiled", "precompiled_charsmap": "?"})", meta, model, "base64"},
      {R"({"type": "Precompiled", "precompiled_charsmap": "AAAA"})", meta, model, "are truncated"},
      {R"({"type": "Precompiled", "precompiled_charsmap": "/////w=="})", meta, model, "too few"},
  };
  for (const auto& [normalizer, pre, vocab, part] : cases) {
    Write("tokenizer.json", json(normalizer, pre, vocab));
    EXPECT_NE(LoadError().message.find(part), std::string::npos) << part << ": " << LoadError().message;
  }
}

TEST_F(TokenizerFilesOf, BytePairsJsonIsReadOrItsPartsAreNamed) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string json = kRobertaJson;
    json.replace(json.find(from), from.size(), to);
    return json;
  };
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {R"("normalizer": null)", R"("normalizer": {"type": "Bold"})", "'Bold'"},
      {R"("ByteLevel")", R"("Words")", "'Words'"},
      {R"("type": "BPE")", R"("type": "BPE", "dropout": 0.1)", "dropout"},
      {R"("type": "BPE")", R"("type": "BPE", "fuse_unk": true, "unk_token": "<other>")", "<other>"},
      {R"("a b")", R"("a  b")", "merges[0]"},
      {R"("a b")", R"("a z")", "merge 0"},
      {R"("ab": 5)", R"("ab": 4)", "same id"},
      {R"(["</s>", 1])", R"(["</s>", 1000])", "1000"},
      {R"("RobertaProcessing")", R"("Other")", "'Other'"},
  };
  for (const auto& [from, to, part] : cases) {
    Write("tokenizer.json", with(from, to));
    EXPECT_NE(LoadError().message.find(part), std::string::npos) << part << ": " << LoadError().message;
  }
}

/// Returns true if a model of these bytes is read, and expects such a model to tokenize.
bool ReadsAndTokenizes(std::string_view bytes) {
  auto parts = ParseSentencePieceModel(bytes, "test");
  if (!parts) return false;
  const auto model = Unigram::Make(*std::move(parts), "test");
  if (!model) return false;
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  (*model)->Encode("ab A\tb cé\xFF", 0, 1000, ids, &spans);
  EXPECT_FALSE(ids.empty());
  for (const int32_t id : ids) EXPECT_LT(static_cast<size_t>(id), (*model)->size());
  return true;
}

TEST(SentencePieceModel, TruncatedAndFlippedFilesAreReadOrRefused) {
  for (const std::string& file : {DebertaFile(kScoredPieces), XlmRobertaFile(kScoredPieces)}) {
    EXPECT_TRUE(ReadsAndTokenizes(file));
    size_t read = 0, refused = 0;
    const auto count = [&](std::string_view bytes) { ++(ReadsAndTokenizes(bytes) ? read : refused); };
    for (size_t size = 0; size < file.size(); ++size) count(std::string_view(file).substr(0, size));
    EXPECT_GT(refused, 0u) << "truncated files";
    for (size_t at = 0; at < file.size(); ++at) {
      std::string flipped = file;
      for (const int mask : {0x01, 0x10, 0x80, 0xFF}) {
        flipped[at] = static_cast<char>(file[at] ^ mask);
        count(flipped);
      }
    }
    EXPECT_GT(read, 0u) << "files with another score or piece";
  }
}

TEST(SentencePieceModel, RandomRulesNeverLeaveTheFile) {
  Random random(7);
  const std::string blob = AsciiRules({{'\t', " "}, {'A', "a"}});
  for (int i = 0; i < 20000; ++i) {
    std::string flipped = blob;
    for (uint32_t count = 1 + random.Below(4); count > 0; --count)
      flipped[4 + random.Below(static_cast<uint32_t>(flipped.size() - 4))] = static_cast<char>(random.Below(256));
    const auto map = Charsmap::Parse(flipped, "test");
    if (!map) continue;
    for (const char* text : {"A\tb", "\x01\x02", "\xFF\xFE", "é中"}) {
      const Charsmap::Rule rule = map->Longest(text);
      ASSERT_LE(rule.length, std::string_view(text).size());
      for (const char c : rule.normal) ASSERT_NE(c, '\0');
    }
  }
}

TEST(SentencePieceModel, OtherModelsAreNamed) {
  const auto message = [](const std::string& trainer, const std::string& normalizer) {
    const auto result = ParseSentencePieceModel(
        ProtoPiece("<unk>", 0, 2) + ProtoPiece("a", -1) + ProtoBytes(2, trainer) + ProtoBytes(3, normalizer), "test");
    return result ? std::string() : result.error().message;
  };
  EXPECT_EQ(message("", ""), "");
  EXPECT_EQ(message(ProtoNumber(3, 2), ""), "test: the model is of type bpe, which is not supported");
  EXPECT_NE(message(ProtoNumber(24, 1), "").find("treat_whitespace_as_suffix"), std::string::npos);
  EXPECT_NE(message("", ProtoNumber(5, 0)).find("escape_whitespaces"), std::string::npos);
  EXPECT_FALSE(ParseSentencePieceModel("", "test"));
  EXPECT_FALSE(ParseSentencePieceModel("version https://git-lfs.github.com/spec/v1\n", "test"));
}

TEST_F(TokenizerFilesOf, TruncatedAndFlippedTextFilesAreReadOrRefused) {
  size_t read = 0, refused = 0;
  const auto survives = [&] {
    const auto result = Tokenizer::Load(directory_.path());
    ++(result ? read : refused);
    if (result) Encode(*result, "ab A\tb cé\xFF", true);
  };
  const auto vary = [&](const char* name, const std::string& contents) {
    for (size_t at = 0; at < contents.size(); at += 3) {
      Write(name, contents.substr(0, at));
      survives();
      std::string flipped = contents;
      flipped[at] = static_cast<char>(flipped[at] ^ (at % 2 == 0 ? 1 : 0x40));
      Write(name, flipped);
      survives();
    }
    Write(name, contents);
  };
  vary("tokenizer.json", kRobertaJson);
  std::filesystem::remove(directory_.path() / "tokenizer.json");
  Write("vocab.json", R"({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "Ġ": 4, "ab": 5, "Ġab": 6})");
  vary("merges.txt", "#version: 0.2\na b\nĠ ab\n");
  vary("vocab.json", R"({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "Ġ": 4, "ab": 5, "Ġab": 6})");
  EXPECT_GT(read, 0u);
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace winnow
