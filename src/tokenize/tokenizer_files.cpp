// A tokenizer's files: Hugging Face's tokenizer.json, or BERT's vocab.txt with tokenizer_config.json.
#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/json.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

std::unexpected<Error> Broken(const std::string& where, const std::string& what) {
  return Fail(ErrorCode::kInvalidModel, where + ": " + what);
}

std::unexpected<Error> Unsupported(const std::string& where, const std::string& part, const std::string& type) {
  return Fail(ErrorCode::kUnsupported, where + ": the " + part + " is of type '" + type + "', which is not supported",
              "WordPiece tokenizers, as those of BERT, DistilBERT, MiniLM and TinyBERT, are");
}

std::string TypeOf(const Json& json) {
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string()) return "(none)";
  return json["type"].get<std::string>();
}

const Json& Member(const Json& json, const char* key) {
  static const Json null;
  if (!json.is_object()) return null;
  const auto found = json.find(key);
  return found == json.end() ? null : *found;
}

bool BoolOr(const Json& json, const char* key, bool otherwise) {
  const Json& value = Member(json, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

/// null means "as lowercase", as in Hugging Face's.
bool StripAccents(const Json& json, bool lowercase) { return BoolOr(json, "strip_accents", lowercase); }

Result<BertNormalization> ReadNormalizer(const Json& json, const std::string& where) {
  BertNormalization result{
      .clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};
  if (json.is_null()) return result;
  if (TypeOf(json) == "BertNormalizer") {
    result.clean_text = BoolOr(json, "clean_text", true);
    result.handle_chinese_chars = BoolOr(json, "handle_chinese_chars", true);
    result.lowercase = BoolOr(json, "lowercase", true);
    result.strip_accents = StripAccents(json, result.lowercase);
    return result;
  }
  if (TypeOf(json) == "Lowercase") {
    result.lowercase = true;
    return result;
  }
  return Unsupported(where, "normalizer", TypeOf(json));
}

/// Collects model.vocab's pieces by their ids.
class Pieces {
 public:
  explicit Pieces(const std::string& where) : where_(where) {}

  void Take(const std::string& piece, const Json& id_json) {
    if (!problem_.empty()) return;
    if (!id_json.is_number_integer()) {
      problem_ = "the id of '" + piece + "' is not a whole number";
      return;
    }
    const auto id = id_json.get<int64_t>();
    if (id < 0 || id > (1 << 22)) {
      problem_ = "the id of '" + piece + "' is " + std::to_string(id);
      return;
    }
    const auto place = static_cast<size_t>(id);
    if (place >= pieces_.size()) pieces_.resize(place + 1);
    if (pieces_[place].empty()) {
      pieces_[place] = piece;
    } else {
      problem_ = "'" + pieces_[place] + "' and '" + piece + "' have the same id " + std::to_string(id);
    }
  }

  Result<std::vector<std::string>> All() && {
    if (!problem_.empty()) return Broken(where_, problem_);
    return std::move(pieces_);
  }

 private:
  const std::string& where_;
  std::vector<std::string> pieces_;
  std::string problem_;
};

Result<std::vector<AddedToken>> ReadAdded(const Json& json, const std::string& where) {
  std::vector<AddedToken> added;
  if (json.is_null()) return added;
  if (!json.is_array()) return Broken(where, "added_tokens is not a list");
  for (const Json& item : json) {
    const Json& content = Member(item, "content");
    const Json& id = Member(item, "id");
    if (!content.is_string() || !id.is_number_integer()) return Broken(where, "an added token has no content or id");
    const auto number = id.get<int64_t>();
    if (number < 0 || number > (1 << 22)) return Broken(where, "an added token has the id " + std::to_string(number));
    added.push_back({.content = content.get<std::string>(),
                     .id = static_cast<int32_t>(number),
                     .special = BoolOr(item, "special", false),
                     .single_word = BoolOr(item, "single_word", false),
                     .lstrip = BoolOr(item, "lstrip", false),
                     .rstrip = BoolOr(item, "rstrip", false)});
  }
  return added;
}

/// Fills parts.before and parts.after.
Result<void> ReadPostProcessor(const Json& json, const std::string& where, TokenizerParts& parts) {
  if (json.is_null()) return {};
  const std::string type = TypeOf(json);
  if (type == "BertProcessing") {
    for (const char* key : {"cls", "sep"}) {
      const Json& pair = Member(json, key);
      if (!pair.is_array() || pair.size() != 2 || !pair[1].is_number_integer())
        return Broken(where, "post_processor." + std::string(key) + " is not [token, id]");
      (key[0] == 'c' ? parts.before : parts.after).push_back(pair[1].get<int32_t>());
    }
    return {};
  }
  if (type != "TemplateProcessing") return Unsupported(where, "post-processor", type);
  const Json& single = Member(json, "single");
  if (!single.is_array()) return Broken(where, "post_processor.single is not a list");
  std::vector<int32_t>* side = &parts.before;
  for (const Json& item : single) {
    if (item.is_object() && item.contains("Sequence")) {
      side = &parts.after;
      continue;
    }
    const Json& name = Member(Member(item, "SpecialToken"), "id");
    if (!name.is_string())
      return Broken(where, "post_processor.single holds something else than SpecialToken and Sequence");
    const Json& ids = Member(Member(Member(json, "special_tokens"), name.get<std::string>().c_str()), "ids");
    if (!ids.is_array()) return Broken(where, "post_processor.special_tokens lacks '" + name.get<std::string>() + "'");
    for (const Json& id : ids) {
      if (!id.is_number_integer()) return Broken(where, "post_processor.special_tokens holds an id that is no number");
      side->push_back(id.get<int32_t>());
    }
  }
  return {};
}

Result<Tokenizer> LoadTokenizerJson(const std::filesystem::path& path) {
  const std::string where = path.string();
  Pieces pieces(where);
  const Json json = TRY(ParseJson(
      TRY(ReadFile(path)), where, ErrorCode::kInvalidModel,
      {.path = {"model", "vocab"}, .take = [&](const std::string& piece, const Json& id) { pieces.Take(piece, id); }}));
  const Json& model = Member(json, "model");
  if (!model.is_object()) return Broken(where, "there is no 'model'");
  // Early files have no type; their WordPiece is known by its prefix.
  const std::string type =
      model.contains("type") ? TypeOf(model) : (model.contains("continuing_subword_prefix") ? "WordPiece" : "(none)");
  if (type != "WordPiece") return Unsupported(where, "model", type);
  TokenizerParts parts;
  parts.normalization = TRY(ReadNormalizer(Member(json, "normalizer"), where));
  if (const std::string pre = TypeOf(Member(json, "pre_tokenizer")); pre != "BertPreTokenizer")
    return Unsupported(where, "pre-tokenizer", pre);
  const JsonObject object = TRY(JsonObject::Of(model, where + ": model", ErrorCode::kInvalidModel));
  parts.wordpiece.unknown = TRY(object.String("unk_token")).value_or("[UNK]");
  parts.wordpiece.continuation = TRY(object.String("continuing_subword_prefix")).value_or("##");
  parts.wordpiece.max_word_chars =
      static_cast<int>(std::clamp<int64_t>(TRY(object.Integer("max_input_chars_per_word")).value_or(100), 0, 1 << 20));
  if (!Member(model, "vocab").is_object()) return Broken(where, "model.vocab is not an object of pieces and ids");
  parts.pieces = TRY(std::move(pieces).All());
  parts.added = TRY(ReadAdded(Member(json, "added_tokens"), where));
  TRY(ReadPostProcessor(Member(json, "post_processor"), where, parts));
  return Tokenizer::Make(std::move(parts), where);
}

/// tokenizer_config.json's special tokens are strings, or objects with their content.
std::string SpecialToken(const Json& config, const char* key, const char* otherwise) {
  const Json& value = Member(config, key);
  if (value.is_string()) return value.get<std::string>();
  const Json& content = Member(value, "content");
  return content.is_string() ? content.get<std::string>() : otherwise;
}

Result<Tokenizer> LoadVocabTxt(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "vocab.txt";
  const std::string text = TRY(ReadFile(path));
  Json config = Json::object();
  if (const auto config_path = dir / "tokenizer_config.json"; std::filesystem::exists(config_path)) {
    config = TRY(ParseJson(TRY(ReadFile(config_path)), config_path.string(), ErrorCode::kInvalidModel));
  }
  TokenizerParts parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view piece = std::string_view(text).substr(begin, end - begin);
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    parts.pieces.emplace_back(piece);
    begin = end + 1;
  }
  parts.normalization.lowercase = BoolOr(config, "do_lower_case", true);
  parts.normalization.strip_accents = StripAccents(config, parts.normalization.lowercase);
  parts.normalization.handle_chinese_chars = BoolOr(config, "tokenize_chinese_chars", true);
  parts.wordpiece.unknown = SpecialToken(config, "unk_token", "[UNK]");
  const std::array names = {SpecialToken(config, "pad_token", "[PAD]"), parts.wordpiece.unknown,
                            SpecialToken(config, "cls_token", "[CLS]"), SpecialToken(config, "sep_token", "[SEP]"),
                            SpecialToken(config, "mask_token", "[MASK]")};
  for (const std::string& name : names) {
    const auto found = std::ranges::find(parts.pieces, name);
    if (found == parts.pieces.end()) continue;
    const auto id = static_cast<int32_t>(found - parts.pieces.begin());
    parts.added.push_back({.content = name, .id = id, .special = true});
    if (&name == &names[2]) parts.before = {id};
    if (&name == &names[3]) parts.after = {id};
  }
  if (parts.before.empty() || parts.after.empty()) {
    return Fail(ErrorCode::kInvalidModel,
                path.string() + ": the vocabulary has no " + (parts.before.empty() ? names[2] : names[3]),
                "is this a BERT vocabulary?");
  }
  return Tokenizer::Make(std::move(parts), path.string());
}

}  // namespace

Result<Tokenizer> Tokenizer::Load(const std::filesystem::path& dir) {
  if (std::filesystem::exists(dir / "tokenizer.json")) return LoadTokenizerJson(dir / "tokenizer.json");
  if (std::filesystem::exists(dir / "vocab.txt")) return LoadVocabTxt(dir);
  return Fail(ErrorCode::kNotFound, dir.string() + ": there is no tokenizer.json or vocab.txt",
              "copy the tokenizer's files of the model next to config.json");
}

Result<void> Tokenizer::Save(const std::filesystem::path& dir, int max_length) const {
  std::string vocab_txt;
  Json vocab = Json::object();
  for (size_t id = 0; id < vocabulary_.pieces().size(); ++id) {
    vocab_txt += vocabulary_.pieces()[id] + "\n";
    if (!vocabulary_.pieces()[id].empty()) vocab[vocabulary_.pieces()[id]] = id;
  }
  const BertNormalization& normalization = characters_->normalization();
  std::vector<AddedToken> by_id = added_;
  std::ranges::sort(by_id, {}, &AddedToken::id);
  Json added = Json::array();
  Json special = Json::object();
  for (const AddedToken& token : by_id) {
    added.push_back({{"id", token.id},
                     {"content", token.content},
                     {"single_word", token.single_word},
                     {"lstrip", token.lstrip},
                     {"rstrip", token.rstrip},
                     {"normalized", !token.special},
                     {"special", token.special}});
  }
  Json single = Json::array();
  Json special_ids = Json::object();
  const auto add_special = [&](int32_t id) {
    const std::string name(TokenText(id));
    single.push_back({{"SpecialToken", {{"id", name}, {"type_id", 0}}}});
    special_ids[name] = {{"id", name}, {"ids", {id}}, {"tokens", {name}}};
  };
  for (const int32_t id : before_) add_special(id);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  for (const int32_t id : after_) add_special(id);
  Json pair = single;
  pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
  for (const int32_t id : after_)
    pair.push_back({{"SpecialToken", {{"id", std::string(TokenText(id))}, {"type_id", 1}}}});
  const Json tokenizer = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", normalization.clean_text},
        {"handle_chinese_chars", normalization.handle_chinese_chars},
        {"strip_accents", normalization.strip_accents},
        {"lowercase", normalization.lowercase}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special_ids}}},
      {"decoder", {{"type", "WordPiece"}, {"prefix", vocabulary_.options().continuation}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", vocabulary_.options().unknown},
        {"continuing_subword_prefix", vocabulary_.options().continuation},
        {"max_input_chars_per_word", vocabulary_.options().max_word_chars},
        {"vocab", vocab}}},
  };
  for (const auto& [key, name] : {std::pair{"pad_token", "[PAD]"},
                                  {"unk_token", "[UNK]"},
                                  {"cls_token", "[CLS]"},
                                  {"sep_token", "[SEP]"},
                                  {"mask_token", "[MASK]"}}) {
    if (TokenId(name) >= 0) special[key] = name;
  }
  Json config = special;
  config["tokenizer_class"] = "BertTokenizer";
  config["do_lower_case"] = normalization.lowercase;
  config["strip_accents"] = normalization.strip_accents;
  config["tokenize_chinese_chars"] = normalization.handle_chinese_chars;
  config["model_max_length"] = max_length;
  TRY(WriteFileAtomically(dir / "vocab.txt", vocab_txt));
  TRY(WriteFileAtomically(dir / "tokenizer.json", DumpJson(tokenizer)));
  TRY(WriteFileAtomically(dir / "tokenizer_config.json", DumpJson(config)));
  return WriteFileAtomically(dir / "special_tokens_map.json", DumpJson(special));
}

Result<void> CopyTokenizerFiles(const std::filesystem::path& from, const std::filesystem::path& to) {
  bool any = false;
  for (const char* name :
       {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "added_tokens.json"}) {
    if (!std::filesystem::exists(from / name)) continue;
    TRY(WriteFileAtomically(to / name, TRY(ReadFile(from / name))));
    any = any || std::string_view(name) == "tokenizer.json" || std::string_view(name) == "vocab.txt";
  }
  if (any) return {};
  return Fail(ErrorCode::kNotFound, from.string() + ": there is no tokenizer.json or vocab.txt");
}

}  // namespace winnow
