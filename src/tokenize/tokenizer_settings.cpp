#include "tokenize/tokenizer_settings.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/parse_number.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

constexpr std::array kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                               "pad_token", "cls_token", "mask_token"};
constexpr std::array kLists = {"additional_special_tokens", "extra_special_tokens"};

Result<AddedToken> ReadToken(const Json& json, const std::string& where) {
  AddedToken token;
  if (json.is_string()) {
    token.content = json.str();
    token.special = true;
    return token;
  }
  const Json& content = Member(json, "content");
  if (!content.is_string()) return BrokenTokenizer(where, "an added token has no content");
  token.content = content.str();
  token.special = BoolOr(json, "special", false);
  token.single_word = BoolOr(json, "single_word", false);
  token.lstrip = BoolOr(json, "lstrip", false);
  token.rstrip = BoolOr(json, "rstrip", false);
  token.normalized = BoolOr(json, "normalized", !token.special);
  return token;
}

/// All special tokens that the configuration names, in the order in which transformers adds them.
Result<std::vector<AddedToken>> SpecialTokens(const Json& config, const std::string& where) {
  std::vector<AddedToken> tokens;
  const auto add = [&](const Json& json) -> Result<void> {
    if (json.is_null()) return {};
    AddedToken token = TRY(ReadToken(json, where));
    token.special = true;
    token.normalized = BoolOr(json, "normalized", false);
    if (!token.content.empty() && std::ranges::find(tokens, token.content, &AddedToken::content) == tokens.end())
      tokens.push_back(std::move(token));
    return {};
  };
  for (const char* key : kRoles) TRY(add(Member(config, key)));
  for (const char* key : kLists) {
    const Json& list = Member(config, key);
    if (list.is_array()) {
      for (const Json& item : list) TRY(add(item));
    } else {
      for (const auto& [name, item] : list.items()) TRY(add(item));
    }
  }
  return tokens;
}

Result<std::vector<AddedToken>> ReadDecoder(const Json& decoder, const std::string& where) {
  if (!decoder.is_object()) return BrokenTokenizer(where, "added_tokens_decoder is not an object");
  std::vector<AddedToken> added;
  for (const auto& [key, json] : decoder.items()) {
    AddedToken token = TRY(ReadToken(json, where));
    token.id = ParseNumber<int32_t>(key).value_or(-1);
    if (token.id < 0 || token.id > (1 << 22))
      return BrokenTokenizer(where, "added_tokens_decoder has the id '" + key + "'");
    added.push_back(std::move(token));
  }
  return added;
}

Result<std::vector<AddedToken>> ReadAddedTokens(const Json& json, const std::string& where) {
  if (!json.is_object()) return BrokenTokenizer(where, "not an object of tokens and ids");
  std::vector<AddedToken> added;
  for (const auto& [content, id] : json.items()) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > (1 << 22))
      return BrokenTokenizer(where, "the id of '" + content + "' is " + DumpJsonLine(id));
    added.push_back({.content = content, .id = id.get<int32_t>(), .normalized = true});
  }
  return added;
}

/// The class in transformers, "" where nothing names one. PreTrainedTokenizerFast reads tokenizer.json as it is.
std::string FamilyOf(const Json& tokenizer_config, const Json& config) {
  for (const Json* json : {&tokenizer_config, &config}) {
    const Json& name = Member(*json, "tokenizer_class");
    if (!name.is_string()) continue;
    std::string family = name.str();
    if (family.ends_with("Fast")) family.resize(family.size() - 4);
    return family;
  }
  const Json& type = Member(config, "model_type");
  return type.is_string() ? type.str() : "";
}

bool IsOneOf(const std::string& name, std::initializer_list<const char*> names) {
  return std::ranges::find(names, name) != names.end();
}

/// Whether a normalizer or pre-tokenizer contains a step of a type.
bool Contains(const Json& part, const char* list, const char* type, int depth = 0) {
  if (TypeOf(part) == type) return true;
  for (const Json& item : Member(part, list)) {
    if (depth < 5 && Contains(item, list, type, depth + 1)) return true;
  }
  return false;
}

/// Sets a member of a tokenizer.json, whose absence means `otherwise`.
void Set(Json& part, const char* key, const Json& otherwise, const Json& value, const std::string& where) {
  const Json before = part.contains(key) ? Member(part, key) : otherwise;
  part[key] = value;
  if (before == value) return;
  LogWarning(
      "{}: '{}' is {} here, but {} in tokenizer_config.json (or by default for its tokenizer class); the latter is "
      "used, as in transformers",
      where, key, DumpJsonLine(before), DumpJsonLine(value));
}

/// Refuses settings that must be true or false and are something else. Python would take 0, "false" and null for one of
/// the two, which a reader of JSON cannot do for sure. Null stands for what is false by default.
Result<void> CheckFlags(const Json& config, const std::string& where) {
  constexpr std::array<std::pair<const char*, bool>, 8> kFlags = {{{"do_lower_case", true},
                                                                   {"tokenize_chinese_chars", true},
                                                                   {"do_basic_tokenize", true},
                                                                   {"trim_offsets", true},
                                                                   {"strip_accents", false},
                                                                   {"add_prefix_space", false},
                                                                   {"split_by_punct", false},
                                                                   {"keep_accents", false}}};
  for (const auto& [key, otherwise] : kFlags) {
    const Json* const value = config.Find(key);
    if (value == nullptr || value->is_boolean() || (value->is_null() && !otherwise)) continue;
    return Fail(ErrorCode::kInvalidModel,
                where + ": '" + key + "' is " + DumpJsonLine(*value) + ", expected true or false",
                "correct the value in tokenizer_config.json");
  }
  return {};
}

/// Returns true if the model has a tokenizer class of its own, as Python code.
bool HasOwnCode(const Json& config) {
  const Json& map = Member(config, "auto_map");
  return map.is_array() || !Member(map, "AutoTokenizer").is_null();
}

}  // namespace

Result<TokenizerSettings> TokenizerSettings::Read(const std::filesystem::path& dir) {
  TokenizerSettings settings;
  const std::string where = (dir / "tokenizer_config.json").string();
  settings.config = TRY(ReadOptionalJson(dir, "tokenizer_config.json"));
  if (!settings.config.is_object()) return BrokenTokenizer(where, "not an object");
  bool legacy = false;
  if (const Json& decoder = Member(settings.config, "added_tokens_decoder"); !decoder.is_null()) {
    settings.added = TRY(ReadDecoder(decoder, where));
  } else {
    const Json map = TRY(ReadOptionalJson(dir, "special_tokens_map.json"));
    if (map.is_object()) settings.config.update(map);
    const std::string of_added = (dir / "added_tokens.json").string();
    settings.added = TRY(ReadAddedTokens(TRY(ReadOptionalJson(dir, "added_tokens.json")), of_added));
    legacy = true;
  }
  std::ranges::stable_sort(settings.added, {}, &AddedToken::id);
  // Tokens without an id, after those that have one.
  for (AddedToken& token : TRY(SpecialTokens(settings.config, where))) {
    const auto found = std::ranges::find(settings.added, token.content, &AddedToken::content);
    if (found == settings.added.end()) {
      settings.added.push_back(std::move(token));
    } else {
      found->special = true;
      if (legacy) found->normalized = false;
    }
  }
  TRY(CheckFlags(settings.config, where));
  const Json config = TRY(ReadOptionalJson(dir, "config.json"));
  settings.family = FamilyOf(settings.config, config);
  if (!BoolOr(settings.config, "do_basic_tokenize", true))
    LogWarning("{}: do_basic_tokenize is false, which has no effect: AutoTokenizer ignores it, too", where);
  if (const Json& never = Member(settings.config, "never_split"); never.is_array() && !never.empty())
    LogWarning("{}: never_split has no effect: AutoTokenizer ignores it, too", where);
  return settings;
}

Result<void> TokenizerSettings::CheckClass(const std::string& where) const {
  const bool generic = IsOneOf(family, {"PreTrainedTokenizer", "TokenizersBackend"});
  const bool named = family.ends_with("Tokenizer") || Member(config, "tokenizer_class").is_string();
  if (named && !generic && !IsBert()) return UnsupportedTokenizer(where, "tokenizer", family);
  if (!HasOwnCode(config) || (named && !generic)) return {};
  return Fail(ErrorCode::kUnsupported,
              where +
                  ": 'auto_map' in tokenizer_config.json names a tokenizer that is Python code of the model, and "
                  "'tokenizer_class' names none that is supported",
              "save the tokenizer as tokenizer.json, in Python: AutoTokenizer.from_pretrained(DIR, "
              "trust_remote_code=True).save_pretrained(DIR)");
}

bool TokenizerSettings::IsMpnet() const { return IsOneOf(family, {"MPNetTokenizer", "mpnet"}); }
bool TokenizerSettings::IsBert() const {
  return IsMpnet() || IsOneOf(family, {"BertTokenizer", "bert", "DistilBertTokenizer", "distilbert", "ElectraTokenizer",
                                       "electra", "MobileBertTokenizer", "mobilebert"});
}
bool TokenizerSettings::IsRoberta() const {
  return IsOneOf(family, {"RobertaTokenizer", "roberta", "roberta-prelayernorm"});
}

std::string TokenizerSettings::Special(const char* key, const char* otherwise) const {
  return SpecialToken(config, key, otherwise);
}

void TokenizerSettings::AddTo(TokenFrame& frame) const {
  for (const AddedToken& token : added) {
    const auto found = std::ranges::find(frame.added, token.content, &AddedToken::content);
    if (found == frame.added.end()) {
      frame.added.push_back(token);
    } else if (token.id >= 0) {
      const int32_t id = found->id;
      *found = token;
      found->id = id;
    }
  }
  if (const Json& side = Member(config, "truncation_side"); side.is_string()) frame.cut_begin = side == "left";
  for (const char* key : kRoles) {
    if (std::string name = Special(key, ""); !name.empty()) frame.roles.push_back(std::move(name));
  }
}

Result<void> TokenizerSettings::ChangeParts(Json& tokenizer, const std::string& where) const {
  Json* const normalizer = tokenizer.Find("normalizer");
  Json* const pre_tokenizer = tokenizer.Find("pre_tokenizer");
  if (IsBert() && normalizer != nullptr && TypeOf(*normalizer) == "BertNormalizer") {
    Set(*normalizer, "lowercase", true, BoolOr(config, "do_lower_case", true), where);
    Set(*normalizer, "strip_accents", nullptr, Member(config, "strip_accents"), where);
    Set(*normalizer, "handle_chinese_chars", true, BoolOr(config, "tokenize_chinese_chars", true), where);
  }
  if (IsRoberta() && pre_tokenizer != nullptr && TypeOf(*pre_tokenizer) == "ByteLevel")
    Set(*pre_tokenizer, "add_prefix_space", true, BoolOr(config, "add_prefix_space", false), where);
  if (!IsOneOf(family, {"DebertaV2Tokenizer", "deberta-v2", "AlbertTokenizer", "albert"})) return {};
  const auto contradicts = [&](const char* key, bool value, bool has) -> Result<void> {
    if (!Member(config, key).is_boolean() || BoolOr(config, key, has == value) == (has == value)) return {};
    return Fail(ErrorCode::kUnsupported,
                where + ": tokenizer_config.json sets " + key + " to " + DumpJsonLine(Member(config, key)) +
                    ", which the tokenizer.json contradicts",
                "versions of transformers read such a model differently; remove the key, or save the tokenizer again "
                "with the version that the model was trained with");
  };
  const Json none;
  const Json& steps = normalizer == nullptr ? none : *normalizer;
  const Json& splits = pre_tokenizer == nullptr ? none : *pre_tokenizer;
  TRY(contradicts("do_lower_case", true, Contains(steps, "normalizers", "Lowercase")));
  TRY(contradicts("split_by_punct", true, Contains(splits, "pretokenizers", "Punctuation")));
  if (IsOneOf(family, {"AlbertTokenizer", "albert"}))
    TRY(contradicts("keep_accents", false, Contains(steps, "normalizers", "StripAccents")));
  return {};
}

void AssignIds(std::vector<AddedToken>& added, const PieceModel& model, const std::string& where) {
  int32_t pieces = 0, largest = -1;
  for (size_t id = 0; id < model.size(); ++id) pieces += model.piece(static_cast<int32_t>(id)).empty() ? 0 : 1;
  for (AddedToken& token : added) {
    int32_t id = model.Find(token.content);
    if (id < 0) id = std::max(pieces, largest + 1);
    largest = std::max(largest, id);
    if (token.id >= 0 && token.id != id) {
      LogWarning("{}: the added token '{}' has the id {}, but its place in the vocabulary is {}; the latter is used",
                 where, token.content, token.id, id);
    }
    token.id = id;
  }
}

}  // namespace winnow
