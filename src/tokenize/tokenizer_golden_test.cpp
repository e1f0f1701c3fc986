// Token ids that other implementations gave for real and for awkward texts.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "support/gzip_file.h"
#include "support/shared.h"
#include "support/temporary_directory.h"
#include "text/segments.h"
#include "tokenize/sentencepiece_model.h"
#include "tokenize/tokenizer.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

Json ReadGzipJson(const std::filesystem::path& path) { return ParseJson(ReadGzip(path), path.string()).value(); }

/// The token that stands for a division between segments.
int32_t SeparatorOf(const Tokenizer& tokenizer) {
  std::vector<int32_t> ids;
  tokenizer.EncodeContent(InputTextView::OfJoined(std::string(1, kSegmentSeparator)), 8, ids);
  return ids.size() == 1 ? ids.front() : -1;
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
    pieces.reserve(got.size());
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
      {"Xenova/nli-deberta-v3-small", "deberta-v3, no bytes"},
      {"Xenova/bge-reranker-base", "xlm-roberta, spaces"},
      {"Xenova/multilingual-e5-small", "xlm-roberta, spaces"},
      {"Xenova/paraphrase-multilingual-MiniLM-L12-v2", "xlm-roberta"},
      {"Xenova/paraphrase-multilingual-mpnet-base-v2", "xlm-roberta"},
  };
  return files;
}

/// A Unigram tokenizer.json, made of pieces, of DeBERTa-v3's rules (nmt_nfkc, which XLM-RoBERTa has too) and of the
/// small XLM-RoBERTa's other parts. `spaces`: with the normaliser that newer versions of Hugging Face's converter
/// write, which leaves a space at the end of a text.
Tokenizer MakeUnigram(Json vocab, int unknown, const Json& frame, bool spaces) {
  const auto tokenizers = SharedDirectory() / "tokenizers";
  Json json = ParseJson(ReadFile(tokenizers / "xlmr-small" / "tokenizer.json").value(), "small").value();
  const auto rules = ParseSentencePieceModel(ReadFile(tokenizers / "deberta-v3" / "spm.model").value(), "deberta");
  json["normalizer"]["precompiled_charsmap"] = EncodeBase64(rules.value().normalization.charsmap);
  if (spaces) {
    const Json replace = {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}};
    json["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array({json["normalizer"], replace})}};
    json["pre_tokenizer"] = Json(json["pre_tokenizer"]["pretokenizers"][1]);
  }
  json["model"]["vocab"] = std::move(vocab);
  json["model"]["unk_id"] = unknown;
  json.update(frame);
  const TemporaryDirectory directory;
  EXPECT_TRUE(WriteFileAtomically(directory.path() / "tokenizer.json", DumpJsonLine(json)));
  return Tokenizer::Load(directory.path()).value();
}

/// XLM-RoBERTa, whose pieces and scores lie there as a table.
Tokenizer LoadXlmRoberta(bool spaces) {
  Json vocab = Json::array({Json::array({"<s>", 0.0})});
  std::istringstream lines(ReadGzip(SharedDirectory() / "tokenizers/xlm-roberta/xlmr_pieces_id_score.tsv.gz"));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find('\t'), last = line.rfind('\t');
    EXPECT_EQ(std::stoul(line.substr(0, first)), vocab.size());
    vocab.push_back(Json::array({line.substr(first + 1, last - first - 1), std::stod(line.substr(last + 1))}));
  }
  EXPECT_EQ(vocab.size(), 250002u);
  vocab.pop_back();  // <mask>, an added token
  return MakeUnigram(std::move(vocab), 3, Json::object(), spaces);
}

/// DeBERTa-v3 as older versions of the converter wrote it: without byte fallback.
Tokenizer LoadDebertaWithoutBytes() {
  const auto bytes = ReadFile(SharedDirectory() / "tokenizers/deberta-v3/spm.model").value();
  Json vocab = Json::array(), added = Json::array();
  const UnigramParts parts = ParseSentencePieceModel(bytes, "deberta").value();
  for (const UnigramPiece& piece : parts.pieces) {
    if (vocab.size() < 4) added.push_back({{"id", vocab.size()}, {"content", piece.text}, {"special", true}});
    vocab.push_back(Json::array({piece.text, piece.score}));
  }
  const Json post = {
      {"type", "BertProcessing"}, {"cls", Json::array({"[CLS]", 1})}, {"sep", Json::array({"[SEP]", 2})}};
  return MakeUnigram(std::move(vocab), 3, {{"added_tokens", added}, {"post_processor", post}}, false);
}

Tokenizer LoadForGolden(const std::string& name) {
  if (name == "xlm-roberta") return LoadXlmRoberta(false);
  if (name == "xlm-roberta, spaces") return LoadXlmRoberta(true);
  if (name == "deberta-v3, no bytes") return LoadDebertaWithoutBytes();
  return LoadFrom(SharedDirectory() / "tokenizers" / name);
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
      tokenizers.emplace(found->second, LoadForGolden(found->second));
    }
    std::vector<int32_t> ids;
    const Tokenizer& tokenizer = tokenizers.at(found->second);
    if (item.contains("text_pair")) {
      tokenizer.EncodePair(item["text"].get<std::string>(), item["text_pair"].get<std::string>(), 512, PairCut::kFirst,
                           ids);
    } else {
      tokenizer.Encode(item["text"].get<std::string>(), {.parse_special_tokens = true}, ids);
    }
    EXPECT_EQ(ids, item["ids"].get<std::vector<int32_t>>())
        << item["model"] << " " << item["case"] << ": " << item["text"] << item.value("tokens", Json());
    ++cases;
  }
  EXPECT_EQ(cases, 169u);
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
      tokens.reserve(ids.size());
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
  EXPECT_EQ(SeparatorOf(tokenizer), 2);
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
    EXPECT_EQ(SeparatorOf(tokenizer), 2);
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
    EXPECT_EQ(SeparatorOf(tokenizer), 2);
  }
}

}  // namespace
}  // namespace winnow
