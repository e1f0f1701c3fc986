#include "tokenize/tokenizer_json.h"

#include <array>

#include "base/files.h"

namespace winnow {

std::unexpected<Error> BrokenTokenizer(const std::string& where, const std::string& what) {
  return Fail(ErrorCode::kInvalidModel, where + ": " + what);
}

std::unexpected<Error> UnsupportedTokenizer(const std::string& where, const std::string& part,
                                            const std::string& type) {
  return Fail(ErrorCode::kUnsupported, where + ": the " + part + " is of type '" + type + "', which is not supported",
              "supported: WordPiece (BERT, DistilBERT, MiniLM, TinyBERT), Unigram (DeBERTa-v2/v3, XLM-RoBERTa) and "
              "byte-level BPE (RoBERTa)");
}

std::string TypeOf(const Json& json) {
  const Json& type = Member(json, "type");
  return type.is_string() ? type.get<std::string>() : "(none)";
}

const Json& Member(const Json& json, std::string_view key) {
  static const Json null;
  const Json* found = json.Find(key);
  return found == nullptr ? null : *found;
}

bool BoolOr(const Json& json, const char* key, bool otherwise) {
  const Json& value = Member(json, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

Result<Json> ReadOptionalJson(const std::filesystem::path& dir, const char* name) {
  const std::filesystem::path path = dir / name;
  if (!std::filesystem::exists(path)) return Json::object();
  return ParseJson(TRY(ReadFile(path)), path.string(), ErrorCode::kInvalidModel);
}

std::string SpecialToken(const Json& config, const char* key, const char* otherwise) {
  const Json& value = Member(config, key);
  if (value.is_string()) return value.get<std::string>();
  const Json& content = Member(value, "content");
  return content.is_string() ? content.get<std::string>() : otherwise;
}

std::string TokenizerFamily(const Json& tokenizer_config, const Json& config) {
  if (const Json& name = Member(tokenizer_config, "tokenizer_class"); name.is_string()) {
    std::string family = name.get<std::string>();
    if (family.ends_with("Fast")) family.resize(family.size() - 4);
    // The base class, which newer versions write, says nothing about the kind.
    if (family != "PreTrainedTokenizer" && family != "TokenizersBackend") return family;
  }
  const Json& type = Member(config, "model_type");
  return type.is_string() ? type.get<std::string>() : "";
}

void PiecesById::Take(const std::string& piece, const Json& id_json) {
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

Result<std::vector<std::string>> PiecesById::All(const std::string& where) && {
  if (!problem_.empty()) return BrokenTokenizer(where, problem_);
  return std::move(pieces_);
}

namespace {

Result<std::vector<AddedToken>> ReadAdded(const Json& json, const std::string& where) {
  std::vector<AddedToken> added;
  if (json.is_null()) return added;
  if (!json.is_array()) return BrokenTokenizer(where, "added_tokens is not a list");
  for (const Json& item : json) {
    const Json& content = Member(item, "content");
    const Json& id = Member(item, "id");
    if (!content.is_string() || !id.is_number_integer())
      return BrokenTokenizer(where, "an added token has no content or id");
    const auto number = id.get<int64_t>();
    if (number < 0 || number > (1 << 22))
      return BrokenTokenizer(where, "an added token has the id " + std::to_string(number) + ", which is out of range");
    added.push_back({.content = content.get<std::string>(),
                     .id = static_cast<int32_t>(number),
                     .special = BoolOr(item, "special", false),
                     .single_word = BoolOr(item, "single_word", false),
                     .lstrip = BoolOr(item, "lstrip", false),
                     .rstrip = BoolOr(item, "rstrip", false)});
  }
  return added;
}

/// BertProcessing's and RobertaProcessing's "cls" and "sep".
Result<int32_t> ReadTokenPair(const Json& json, const char* key, const std::string& where) {
  const Json& pair = Member(json, key);
  if (!pair.is_array() || pair.size() != 2 || !pair[1].is_number_integer())
    return BrokenTokenizer(where, "post_processor." + std::string(key) + " is not [token, id]");
  return pair[1].get<int32_t>();
}

/// A template's ids: those before the first text, between the two, after the last.
Result<std::array<std::vector<int32_t>, 3>> ReadTemplate(const Json& post, const char* name, const std::string& where) {
  const Json& items = Member(post, name);
  if (!items.is_array()) return BrokenTokenizer(where, "post_processor." + std::string(name) + " is not a list");
  std::array<std::vector<int32_t>, 3> result;
  size_t sequences = 0;
  for (const Json& item : items) {
    if (item.is_object() && item.contains("Sequence")) {
      if (++sequences > 2)
        return BrokenTokenizer(
            where, "post_processor." + std::string(name) + " has more than two sequences, which is not supported");
      continue;
    }
    const Json& token = Member(Member(item, "SpecialToken"), "id");
    if (!token.is_string()) {
      return BrokenTokenizer(
          where, "post_processor." + std::string(name) + " contains something other than SpecialToken and Sequence");
    }
    const Json& ids = Member(Member(Member(post, "special_tokens"), token.get<std::string>()), "ids");
    if (!ids.is_array())
      return BrokenTokenizer(where, "post_processor.special_tokens lacks '" + token.get<std::string>() + "'");
    for (const Json& id : ids) {
      if (!id.is_number_integer())
        return BrokenTokenizer(where, "post_processor.special_tokens contains an id that is not a number");
      result[sequences].push_back(id.get<int32_t>());
    }
  }
  return result;
}

}  // namespace

Result<TokenFrame> ReadFrame(const Json& tokenizer, const std::string& where) {
  TokenFrame frame;
  frame.added = TRY(ReadAdded(Member(tokenizer, "added_tokens"), where));
  const Json& post = Member(tokenizer, "post_processor");
  if (post.is_null()) return frame;
  const std::string type = TypeOf(post);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    frame.before = {TRY(ReadTokenPair(post, "cls", where))};
    frame.after = {TRY(ReadTokenPair(post, "sep", where))};
    frame.between.assign(type == "RobertaProcessing" ? 2 : 1, frame.after.front());
    return frame;
  }
  if (type == "ByteLevel") return frame;  // trims offsets, adds nothing
  if (type != "TemplateProcessing") return UnsupportedTokenizer(where, "post-processor", type);
  auto single = TRY(ReadTemplate(post, "single", where));
  frame.before = std::move(single[0]);
  frame.after = std::move(single[1]);
  if (Member(post, "pair").is_array()) frame.between = std::move(TRY(ReadTemplate(post, "pair", where))[1]);
  return frame;
}

namespace {
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

Result<std::string> DecodeBase64(std::string_view text, const std::string& where) {
  std::array<int, 256> values;
  values.fill(-1);
  for (size_t i = 0; i < kBase64.size(); ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<int>(i);
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return BrokenTokenizer(where, "precompiled_charsmap is not base64");
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) text += i + j <= bytes.size() ? kBase64[bits >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

}  // namespace winnow
