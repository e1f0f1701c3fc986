// Token ids that other implementations gave for real and for awkward texts.
#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "support/shared.h"
#include "support/temporary_directory.h"
#include "text/segments.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

Json ReadGzipJson(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  char buffer[1 << 16];
  for (int count; (count = gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(count));
  gzclose(file);
  return ParseJson(text, path.string()).value();
}

/// From tokenizer.json, or from vocab.txt alone.
Tokenizer LoadFrom(const std::filesystem::path& dir) { return Tokenizer::Load(dir).value(); }

TEST(TokenizerGolden, BertQuestions) {
  REQUIRE_SHARED(golden, "tokenizers/golden/question_tokens.json.gz");
  REQUIRE_SHARED(dir, "tokenizers/bert-base-uncased");
  const Tokenizer tokenizer = LoadFrom(dir);
  const Json tokens = ReadGzipJson(golden);
  const Json ids = ReadGzipJson(golden.parent_path() / "tokenized_questions.json.gz");
  ASSERT_EQ(tokens.size(), 10570u);
  ASSERT_EQ(ids.size(), tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto text = tokens[i]["original"].get<std::string>();
    std::vector<int32_t> got;
    tokenizer.Encode(text, {.add_special_tokens = false, .parse_special_tokens = true}, got);
    ASSERT_EQ(got, ids[i].get<std::vector<int32_t>>()) << text;
    std::vector<std::string> pieces;
    for (const int32_t id : got) pieces.emplace_back(tokenizer.TokenText(id));
    ASSERT_EQ(pieces, tokens[i]["wordpiece"].get<std::vector<std::string>>()) << text;
  }
}

/// Models of golden_all.jsonl whose vocabulary lies in the shared directory, sometimes under another name.
const std::map<std::string, std::string>& FilesOfModels() {
  static const std::map<std::string, std::string> files = {
      {"Xenova/bert-base-uncased", "bert-base-uncased"},
      {"Xenova/distilbert-base-uncased-finetuned-sst-2-english", "distilbert-base-uncased"},
      {"Xenova/bert-base-multilingual-cased-ner-hrl", "bert-base-multilingual-cased"},
      {"Xenova/distiluse-base-multilingual-cased-v2", "bert-base-multilingual-cased"},
      {"distilbert/distilbert-base-multilingual-cased", "bert-base-multilingual-cased"},
  };
  return files;
}

TEST(TokenizerGolden, TransformersJsCases) {
  REQUIRE_SHARED(golden, "tokenizers/golden/golden_all.jsonl");
  std::map<std::string, Tokenizer> tokenizers;
  std::istringstream lines(ReadFile(golden).value());
  size_t cases = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json item = ParseJson(line, "golden").value();
    const auto found = FilesOfModels().find(item["model"].get<std::string>());
    if (found == FilesOfModels().end() || !item.contains("text") || !item["text"].is_string()) continue;
    if (!tokenizers.contains(found->second)) {
      tokenizers.emplace(found->second, LoadFrom(SharedDirectory() / "tokenizers" / found->second));
    }
    std::vector<int32_t> ids;
    const Tokenizer& tokenizer = tokenizers.at(found->second);
    if (item.contains("text_pair")) {  // which is what a template's two segments become
      const auto text = item["text"].get<std::string>() + kSegmentSeparator + item["text_pair"].get<std::string>();
      tokenizer.EncodeSegments(text, 512, ids);
    } else {
      tokenizer.Encode(item["text"].get<std::string>(), {.parse_special_tokens = true}, ids);
    }
    EXPECT_EQ(ids, item["ids"].get<std::vector<int32_t>>())
        << found->second << " " << item["case"] << ": " << item["text"];
    ++cases;
  }
  EXPECT_EQ(cases, 77u);
}

TEST(TokenizerGolden, VocabTxtAloneGivesTheSameIds) {
  REQUIRE_SHARED(golden, "tokenizers/golden/golden_all.jsonl");
  REQUIRE_SHARED(dir, "tokenizers/bert-base-uncased");
  const Tokenizer whole = LoadFrom(dir);
  const auto copy = std::filesystem::temp_directory_path() / "winnow-vocab-alone";
  std::filesystem::create_directories(copy);
  std::filesystem::copy_file(dir / "vocab.txt", copy / "vocab.txt", std::filesystem::copy_options::overwrite_existing);
  const Tokenizer alone = LoadFrom(copy);
  std::filesystem::remove_all(copy);
  std::istringstream lines(ReadFile(golden).value());
  for (std::string line; std::getline(lines, line);) {
    const Json item = ParseJson(line, "golden").value();
    if (!item.contains("text") || !item["text"].is_string()) continue;
    std::vector<int32_t> a, b;
    whole.Encode(item["text"].get<std::string>(), 512, a);
    alone.Encode(item["text"].get<std::string>(), 512, b);
    EXPECT_EQ(a, b);
  }
}

TEST(TokenizerGolden, MiniLmIds) {
  REQUIRE_SHARED(golden, "fixtures/minilm/expected.json");
  for (const char* dir : {"tokenizers/all-MiniLM-L6-v2", "models/all-MiniLM-L6-v2"}) {
    REQUIRE_SHARED(files, dir);
    const Tokenizer tokenizer = LoadFrom(files);
    const Json expected = ParseJson(ReadFile(golden).value(), "golden").value();
    ASSERT_EQ(expected["cases"].size(), 70u);
    for (const Json& item : expected["cases"]) {
      std::vector<int32_t> ids;
      tokenizer.Encode(item["text"].get<std::string>(), expected["max_length"].get<int>(), ids);
      EXPECT_EQ(ids, item["input_ids"].get<std::vector<int32_t>>()) << item["text"];
    }
  }
}

/// Only `names` of a tokenizer's files, so that nothing else can be read.
Tokenizer LoadOnly(const std::filesystem::path& dir, std::initializer_list<const char*> names) {
  const TemporaryDirectory copy;
  for (const char* name : names) std::filesystem::copy_file(dir / name, copy.path() / name);
  return Tokenizer::Load(copy.path()).value();
}

void ExpectGolden(const Tokenizer& tokenizer, const std::filesystem::path& golden, size_t count) {
  std::istringstream lines(ReadFile(golden).value());
  size_t cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const Json item = ParseJson(line, "golden").value();
    const auto text = item["text"].get<std::string>();
    std::vector<int32_t> ids;
    std::vector<TokenSpan> spans;
    tokenizer.Encode(text, {.parse_special_tokens = true}, ids, &spans);
    EXPECT_EQ(ids, item["ids"].get<std::vector<int32_t>>()) << text;
    ASSERT_EQ(spans.size(), ids.size());
    for (size_t i = 0, begin = 0; i < spans.size(); ++i) {
      if (spans[i].begin == spans[i].end) continue;
      EXPECT_LE(begin, spans[i].begin) << text;
      EXPECT_LE(spans[i].end, text.size());
      begin = spans[i].begin;
    }
    if (item.contains("tokens")) {
      std::vector<std::string> tokens;
      for (const int32_t id : ids) tokens.emplace_back(tokenizer.TokenText(id));
      EXPECT_EQ(tokens, item["tokens"].get<std::vector<std::string>>()) << text;
    }
    for (const int32_t id : ids) EXPECT_EQ(tokenizer.TokenId(tokenizer.TokenText(id)), id);
    std::vector<int32_t> cut;
    tokenizer.Encode(text, {.max_length = 9, .parse_special_tokens = true}, cut);
    if (ids.size() > 9) ids.erase(ids.begin() + 8, ids.end() - 1);
    EXPECT_EQ(cut, ids) << text;
  }
  EXPECT_EQ(cases, count);
}

TEST(TokenizerGolden, DebertaV3Ids) {
  REQUIRE_SHARED(golden, "tokenizers/golden/deberta_v3.jsonl");
  REQUIRE_SHARED(dir, "tokenizers/deberta-v3");
  const Tokenizer tokenizer = LoadFrom(dir);
  ExpectGolden(tokenizer, golden, 411);
  EXPECT_EQ(tokenizer.vocab_size(), 128001);
  EXPECT_EQ(tokenizer.TokenId("[MASK]"), 128000);
  EXPECT_EQ(tokenizer.separator_id(), 2);
  EXPECT_EQ(tokenizer.unknown_id(), 3);
}

TEST(TokenizerGolden, XlmRobertaIdsFromEitherFile) {
  REQUIRE_SHARED(golden, "tokenizers/golden/xlmr_small.jsonl");
  REQUIRE_SHARED(dir, "tokenizers/xlmr-small");
  for (const Tokenizer& tokenizer : {LoadOnly(dir, {"tokenizer.json"}), LoadOnly(dir, {"sentencepiece.bpe.model"}),
                                     LoadOnly(dir, {"sentencepiece.bpe.model", "tokenizer_config.json"})}) {
    ExpectGolden(tokenizer, golden, 409);
    EXPECT_EQ(tokenizer.vocab_size(), 4002);
    EXPECT_EQ(tokenizer.TokenId("<mask>"), 4001);
    EXPECT_EQ(tokenizer.separator_id(), 2);
    EXPECT_EQ(tokenizer.unknown_id(), 3);
  }
}

TEST(TokenizerGolden, RobertaIdsFromEitherFile) {
  REQUIRE_SHARED(golden, "tokenizers/golden/roberta_small.jsonl");
  REQUIRE_SHARED(dir, "tokenizers/roberta-small");
  for (const Tokenizer& tokenizer : {LoadOnly(dir, {"tokenizer.json"}), LoadOnly(dir, {"vocab.json", "merges.txt"}),
                                     LoadOnly(dir, {"vocab.json", "merges.txt", "tokenizer_config.json"})}) {
    ExpectGolden(tokenizer, golden, 412);
    EXPECT_EQ(tokenizer.vocab_size(), 4000);
    EXPECT_EQ(tokenizer.separator_id(), 2);
  }
}

}  // namespace
}  // namespace winnow
