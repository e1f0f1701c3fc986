#include "tokenize/tokenizer_json.h"

#include <algorithm>
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
  if (!Exists(path)) return Json::object();
  return ParseJson(TRY(ReadFile(path)), path.string(), ErrorCode::kInvalidModel);
}

std::string SpecialToken(const Json& config, const char* key, const char* otherwise) {
  const Json& value = Member(config, key);
  if (value.is_string()) return value.get<std::string>();
  const Json& content = Member(value, "content");
  return content.is_string() ? content.get<std::string>() : otherwise;
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

int32_t PiecesById::Find(std::string_view piece) const {
  const auto found = std::ranges::find(pieces_, piece);
  return piece.empty() || found == pieces_.end() ? -1 : static_cast<int32_t>(found - pieces_.begin());
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
                     .rstrip = BoolOr(item, "rstrip", false),
                     .normalized = BoolOr(item, "normalized", !BoolOr(item, "special", false))});
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

namespace {

/// What one post-processor puts around a text. Of several in a sequence one may add tokens.
Result<void> ReadPostProcessor(const Json& post, const std::string& where, int depth, TokenFrame& frame) {
  if (post.is_null()) return {};
  const std::string type = TypeOf(post);
  if (type == "ByteLevel") return {};  // trims offsets, adds nothing
  if (type == "Sequence") {
    const Json& items = Member(post, "processors");
    if (!items.is_array() || depth > 4) return BrokenTokenizer(where, "post_processor.processors is not a list");
    for (const Json& item : items) TRY(ReadPostProcessor(item, where, depth + 1, frame));
    return {};
  }
  if (!frame.before.empty() || !frame.after.empty())
    return Fail(ErrorCode::kUnsupported,
                where + ": a post-processor Sequence in which more than one member adds tokens is not supported");
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    frame.before = {TRY(ReadTokenPair(post, "cls", where))};
    frame.after = {TRY(ReadTokenPair(post, "sep", where))};
    frame.between.assign(type == "RobertaProcessing" ? 2 : 1, frame.after.front());
    return {};
  }
  if (type != "TemplateProcessing") return UnsupportedTokenizer(where, "post-processor", type);
  auto single = TRY(ReadTemplate(post, "single", where));
  frame.before = std::move(single[0]);
  frame.after = std::move(single[1]);
  if (Member(post, "pair").is_array()) frame.between = std::move(TRY(ReadTemplate(post, "pair", where))[1]);
  return {};
}

}  // namespace

Result<TokenFrame> ReadFrame(const Json& tokenizer, const std::string& where) {
  TokenFrame frame;
  frame.added = TRY(ReadAdded(Member(tokenizer, "added_tokens"), where));
  TRY(ReadPostProcessor(Member(tokenizer, "post_processor"), where, 0, frame));
  frame.cut_begin = Member(Member(tokenizer, "truncation"), "direction") == "Left";
  return frame;
}

Result<void> SetTemplate(TokenFrame& frame, const std::string& first, const std::string& last, size_t between,
                         const std::string& where) {
  for (const auto& [name, ids] : {std::pair{&first, &frame.before}, std::pair{&last, &frame.after}}) {
    const auto found = std::ranges::find(frame.added, *name, &AddedToken::content);
    if (found == frame.added.end() || found->id < 0) return BrokenTokenizer(where, "the vocabulary has no " + *name);
    *ids = {found->id};
  }
  frame.between.assign(between, frame.after.front());
  return {};
}

Result<Pattern> ReadPattern(const Json& json, const std::string& where) {
  if (const Json& text = Member(json, "String"); text.is_string()) return Pattern::OfText(text.str());
  if (const Json& regex = Member(json, "Regex"); regex.is_string()) return Pattern::OfRegex(regex.str(), where);
  return BrokenTokenizer(where, "the pattern is neither a String nor a Regex");
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
