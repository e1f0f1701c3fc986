// A tokenizer's files as a whole: which of them is read, what Save writes, what is copied.
#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/json_edit.h"
#include "tokenize/piece_model.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

/// Each of these makes a tokenizer, alone or with those below it.
constexpr std::array kVocabularies = {"tokenizer.json", "vocab.txt", "spm.model", "sentencepiece.bpe.model",
                                      "vocab.json"};
constexpr std::array kOthers = {"merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"};

/// sentence-transformers' file of a model's settings.
constexpr char kSentenceConfigFile[] = "sentence_bert_config.json";

std::unexpected<Error> NoFiles(const std::filesystem::path& dir) {
  if (Exists(dir / "spiece.model")) {
    return Fail(ErrorCode::kUnsupported,
                dir.string() + ": there is spiece.model, which is not read by itself, but no tokenizer.json",
                "create tokenizer.json from it, in Python: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)");
  }
  return Fail(
      ErrorCode::kNotFound,
      dir.string() + ": there is no tokenizer.json, vocab.txt, spm.model, sentencepiece.bpe.model or vocab.json",
      "copy the model's tokenizer files next to config.json");
}

/// Returns true if the begin of a text that is too long is cut: by truncation_side in tokenizer_config.json, otherwise
/// by `truncation` in tokenizer.json.
Result<bool> TruncatesLeft(std::string_view config, std::string_view tokenizer, const std::string& where) {
  const auto member = [&](std::string_view text, const char* name) -> Result<Json> {
    const std::optional<std::string_view> found = TRY(MemberText(text, name, where));
    return found ? ParseJson(*found, where, ErrorCode::kInvalidModel) : Json();
  };
  if (const Json side = TRY(member(config, "truncation_side")); side.is_string()) return side == "left";
  return Member(TRY(member(tokenizer, "truncation")), "direction") == "Left";
}

}  // namespace

Result<Tokenizer> ParseTokenizerJson(std::string_view text, const std::string& where,
                                     const TokenizerSettings* settings) {
  PiecesById pieces;
  Json json = TRY(ParseJson(
      text, where, ErrorCode::kInvalidModel,
      {.path = {"model", "vocab"}, .take = [&](const std::string& piece, const Json& id) { pieces.Take(piece, id); }}));
  if (!Member(json, "model").is_object()) return BrokenTokenizer(where, "there is no 'model'");
  if (settings != nullptr) TRY(settings->ChangeParts(json, where));
  TokenFrame frame = TRY(ReadFrame(json, where));
  if (settings != nullptr) settings->AddTo(frame);
  return TokenizerOfJson(json, std::move(pieces), std::move(frame), where);
}

Result<Tokenizer> TokenizerOfJson(const Json& json, PiecesById pieces, TokenFrame frame, const std::string& where) {
  const Json& model = Member(json, "model");
  // Early files have no type; their kinds are known by what they have.
  std::string type = TypeOf(model);
  if (!model.contains("type")) {
    if (model.contains("unk_id")) type = "Unigram";
    if (model.contains("continuing_subword_prefix")) type = model.contains("merges") ? "BPE" : "WordPiece";
  }
  std::unique_ptr<const PieceModel> read;
  if (type == "WordPiece") {
    read = TRY(WordPieceFromJson(json, std::move(pieces), frame.added, where));
  } else if (type == "Unigram") {
    read = TRY(UnigramFromJson(json, frame, where));
  } else if (type == "BPE") {
    read = TRY(BpeFromJson(json, std::move(pieces), where));
  } else {
    return UnsupportedTokenizer(where, "model", type);
  }
  AssignIds(frame.added, *read, where);
  return Tokenizer::Make(std::move(read), std::move(frame), where);
}

Result<Tokenizer> Tokenizer::Load(const std::filesystem::path& dir) {
  const auto has = [&](const char* name) { return Exists(dir / name); };
  if (has("tokenizer.json")) {
    const std::filesystem::path path = dir / "tokenizer.json";
    const TokenizerSettings settings = TRY(TokenizerSettings::Read(dir));
    return ParseTokenizerJson(TRY(ReadFile(path)), path.string(), &settings);
  }
  if (has("vocab.txt")) return WordPieceFromVocabTxt(dir);
  if (has("spm.model")) return UnigramFromSentencePiece(dir / "spm.model");
  if (has("sentencepiece.bpe.model")) return UnigramFromSentencePiece(dir / "sentencepiece.bpe.model");
  if (has("vocab.json")) return ByteLevelBpeFromVocabJson(dir);
  return NoFiles(dir);
}

Result<void> Tokenizer::Save(const std::filesystem::path& dir, int max_length) const {
  PieceModel::Files files = model_->Describe();
  std::vector<AddedToken> by_id = frame_.added;
  std::ranges::sort(by_id, {}, &AddedToken::id);
  Json added = Json::array();
  for (const AddedToken& token : by_id) {
    added.push_back({{"id", token.id},
                     {"content", token.content},
                     {"single_word", token.single_word},
                     {"lstrip", token.lstrip},
                     {"rstrip", token.rstrip},
                     {"normalized", token.normalized},
                     {"special", token.special}});
  }
  Json special_ids = Json::object();
  const auto add = [&](Json& items, std::span<const int32_t> ids, int type) {
    for (const int32_t id : ids) {
      const std::string name(TokenText(id));
      items.push_back({{"SpecialToken", {{"id", name}, {"type_id", type}}}});
      special_ids[name] = {{"id", name}, {"ids", {id}}, {"tokens", {name}}};
    }
  };
  Json single = Json::array(), pair = Json::array();
  add(single, frame_.before, 0);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  pair = single;
  add(single, frame_.after, 0);
  add(pair, frame_.between, 0);
  const int second_type = frame_.between.size() == 1 ? 1 : 0;  // RoBERTa's models have one type of token
  pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", second_type}}}});
  add(pair, frame_.after, second_type);
  Json tokenizer = std::move(files.tokenizer);
  tokenizer["version"] = "1.0";
  tokenizer["truncation"] = nullptr;
  tokenizer["padding"] = nullptr;
  tokenizer["added_tokens"] = std::move(added);
  tokenizer["post_processor"] = {
      {"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special_ids}};
  Json special = Json::object();
  for (const auto& [key, names] : {std::pair{"pad_token", std::array{"[PAD]", "<pad>"}},
                                   {"unk_token", std::array{"[UNK]", "<unk>"}},
                                   {"cls_token", std::array{"[CLS]", "<s>"}},
                                   {"sep_token", std::array{"[SEP]", "</s>"}},
                                   {"mask_token", std::array{"[MASK]", "<mask>"}}}) {
    const auto name = std::ranges::find_if(names, [&](const char* text) { return TokenId(text) >= 0; });
    if (name != names.end()) special[key] = *name;
  }
  Json config = std::move(files.config);
  config.update(special);
  config["model_max_length"] = max_length;
  if (frame_.cut_begin) config["truncation_side"] = "left";
  for (const auto& [name, contents] : files.others) TRY(WriteFileAtomically(dir / name, contents));
  TRY(WriteFileAtomically(dir / "tokenizer.json", DumpJson(tokenizer)));
  TRY(WriteFileAtomically(dir / "tokenizer_config.json", DumpJson(config)));
  return WriteFileAtomically(dir / "special_tokens_map.json", DumpJson(special));
}

Result<void> CopyTokenizerFiles(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto copy = [&](const char* name) -> Result<bool> {
    if (!Exists(from / name)) return false;
    TRY(WriteFileAtomically(to / name, TRY(ReadFile(from / name))));
    return true;
  };
  bool any = false;
  for (const char* name : kVocabularies) any = TRY(copy(name)) || any;
  for (const char* name : kOthers) static_cast<void>(TRY(copy(name)));
  if (!any) return NoFiles(from);
  return {};
}

Result<void> LimitTokenizer(const std::filesystem::path& dir, int max_length) {
  const std::filesystem::path config_file = dir / "tokenizer_config.json", file = dir / "tokenizer.json";
  std::string config = "{}";
  if (Exists(config_file)) config = TRY(ReadFile(config_file));
  TRY(WriteFileAtomically(config_file, TRY(WithMember(config, "model_max_length", max_length, config_file.string()))));
  if (Exists(file)) {
    const std::string where = file.string();
    std::string text = TRY(ReadFile(file));
    const Json truncation = {{"direction", TRY(TruncatesLeft(config, text, where)) ? "Left" : "Right"},
                             {"max_length", max_length},
                             {"strategy", "LongestFirst"},
                             {"stride", 0}};
    text = TRY(WithMember(text, "truncation", truncation, where));
    TRY(WriteFileAtomically(file, TRY(WithMember(text, "padding", nullptr, where))));
  }
  return WriteFileAtomically(dir / kSentenceConfigFile,
                             DumpJson({{"max_seq_length", max_length}, {"do_lower_case", false}}));
}

}  // namespace winnow
