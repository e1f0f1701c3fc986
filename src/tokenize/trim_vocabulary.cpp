#include "tokenize/trim_vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/json.h"
#include "text/utf8.h"
#include "tokenize/tokenizer.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

constexpr char kTokenizerFile[] = "tokenizer.json";
constexpr char kVocabularyFile[] = "vocab.txt";
constexpr char kConfigFile[] = "tokenizer_config.json";
constexpr char kAddedTokensFile[] = "added_tokens.json";

struct Vocabulary {
  std::vector<std::string> pieces;  // by id; empty for ids without a piece
  std::vector<bool> added;          // by id: special and added tokens
  std::string continuation = "##";  // of pieces within a word
};

std::unexpected<Error> OtherKind(const std::string& where, const std::string& type) {
  return Fail(ErrorCode::kUnsupported,
              fmt::format("{}: the vocabulary of a tokenizer of the type '{}' cannot be trimmed", where, type),
              "only WordPiece vocabularies can be trimmed");
}

Result<Vocabulary> ReadVocabulary(const std::filesystem::path& dir) {
  const Tokenizer tokenizer = TRY(Tokenizer::Load(dir));
  Vocabulary vocabulary;
  vocabulary.pieces.resize(static_cast<size_t>(tokenizer.vocab_size()));
  vocabulary.added.resize(vocabulary.pieces.size());
  if (Exists(dir / kTokenizerFile)) {
    const std::string where = (dir / kTokenizerFile).string();
    const Json json = TRY(ParseJson(TRY(ReadFile(where)), where, ErrorCode::kInvalidModel));
    const Json& model = Member(json, "model");
    if (TypeOf(model) != "WordPiece") return OtherKind(where, TypeOf(model));
    const Json& prefix = Member(model, "continuing_subword_prefix");
    if (prefix.is_string()) vocabulary.continuation = prefix.str();
  } else if (!Exists(dir / kVocabularyFile)) {
    return OtherKind(dir.string(), "SentencePiece or BPE");
  }
  for (size_t id = 0; id < vocabulary.pieces.size(); ++id)
    vocabulary.pieces[id] = tokenizer.TokenText(static_cast<int32_t>(id));
  for (const AddedToken& token : tokenizer.added()) vocabulary.added[static_cast<size_t>(token.id)] = true;
  if (tokenizer.unknown_id() >= 0) vocabulary.added[static_cast<size_t>(tokenizer.unknown_id())] = true;
  return vocabulary;
}

bool IsOneCharacter(std::string_view piece, std::string_view continuation) {
  if (piece.starts_with(continuation) && piece.size() > continuation.size()) piece.remove_prefix(continuation.size());
  size_t end = 0;
  if (!piece.empty()) NextCodePoint(piece, end);
  return end == piece.size() && !piece.empty();
}

/// The new ids of tokens by their old ones.
class NewIds {
 public:
  explicit NewIds(std::span<const int32_t> kept) : kept_(kept) {}

  std::optional<int32_t> Of(int64_t id) const {
    const auto place = std::ranges::lower_bound(kept_, id);
    if (place == kept_.end() || *place != id) return std::nullopt;
    return static_cast<int32_t>(place - kept_.begin());
  }
  /// Replaces an id that must be kept.
  Result<void> Replace(Json& id, const std::string& where) const {
    const std::optional<int32_t> fresh = id.is_number_integer() ? Of(id.get<int64_t>()) : std::nullopt;
    if (!fresh) return BrokenTokenizer(where, "it names a token that the vocabulary does not have");
    id = Json(*fresh);
    return {};
  }
  /// Renumbers an object of texts and ids, and drops the others.
  Result<void> ReplaceVocabulary(Json& vocabulary, const std::string& where) const {
    if (!vocabulary.is_object()) return BrokenTokenizer(where, "the vocabulary is not an object of pieces and ids");
    Json::Object left;
    for (auto& [piece, id] : vocabulary.items()) {
      if (!id.is_number_integer()) return BrokenTokenizer(where, "an id is not an integer");
      if (const auto fresh = Of(id.get<int64_t>())) left.emplace_back(piece, Json(*fresh));
    }
    std::ranges::sort(left, {}, [](const Json::Member& member) { return member.second.get<int64_t>(); });
    vocabulary = Json(std::move(left));
    return {};
  }

 private:
  std::span<const int32_t> kept_;
};

/// {"type": "BertProcessing", "sep": ["[SEP]", 102], ...}, or the special tokens of a template.
Result<void> RenumberPostProcessor(Json& post, const NewIds& ids, const std::string& where) {
  if (post.is_null()) return {};
  const std::string type = TypeOf(post);
  if (type == "Sequence") {
    for (Json& step : post["processors"]) TRY(RenumberPostProcessor(step, ids, where));
    return {};
  }
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    for (const char* const name : {"sep", "cls"}) {
      if (!post[name].is_array() || post[name].size() != 2)
        return BrokenTokenizer(where, "the post-processor has no token and id");
      TRY(ids.Replace(post[name][1], where));
    }
    return {};
  }
  if (type != "TemplateProcessing") return UnsupportedTokenizer(where, "post_processor", type);
  Json* const tokens = post.Find("special_tokens");
  if (tokens == nullptr || !tokens->is_object()) return {};
  for (auto& [name, token] : tokens->items()) {
    Json* const list = token.Find("ids");
    if (list == nullptr || !list->is_array()) return BrokenTokenizer(where, "a special token has no ids");
    for (Json& id : *list) TRY(ids.Replace(id, where));
  }
  return {};
}

Result<void> TrimTokenizerJson(const std::filesystem::path& path, const NewIds& ids) {
  const std::string where = path.string();
  Json json = TRY(ParseJson(TRY(ReadFile(path)), where, ErrorCode::kInvalidModel));
  if (TypeOf(Member(json, "model")) != "WordPiece") return OtherKind(where, TypeOf(Member(json, "model")));
  TRY(ids.ReplaceVocabulary(json["model"]["vocab"], where));
  if (Json* const added = json.Find("added_tokens"); added != nullptr && added->is_array()) {
    for (Json& token : *added) TRY(ids.Replace(token["id"], where));
  }
  if (Json* const post = json.Find("post_processor"); post != nullptr) TRY(RenumberPostProcessor(*post, ids, where));
  if (Json* const padding = json.Find("padding"); padding != nullptr && padding->is_object())
    TRY(ids.Replace((*padding)["pad_id"], where));
  return WriteFileAtomically(path, json.dump());  // without white space: a browser loads it
}

Result<void> TrimVocabTxt(const std::filesystem::path& path, const NewIds& ids) {
  const std::string text = TRY(ReadFile(path));
  std::string left;
  int64_t id = 0;
  for (size_t begin = 0; begin < text.size(); ++id) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (ids.Of(id)) left += text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return WriteFileAtomically(path, left);
}

/// tokenizer_config.json: {"added_tokens_decoder": {"102": {...}}}.
Result<void> TrimConfig(const std::filesystem::path& path, const NewIds& ids) {
  const std::string where = path.string();
  Json json = TRY(ParseJson(TRY(ReadFile(path)), where, ErrorCode::kInvalidModel));
  Json* const decoder = json.Find("added_tokens_decoder");
  if (decoder == nullptr || !decoder->is_object()) return {};
  for (auto& [name, token] : decoder->items()) {
    int64_t id = -1;
    std::from_chars(name.data(), name.data() + name.size(), id);
    const auto fresh = ids.Of(id);
    if (!fresh) return BrokenTokenizer(where, "added_tokens_decoder has the id " + name + ", which no token has");
    name = std::to_string(*fresh);
  }
  return WriteFileAtomically(path, DumpJson(json));
}

}  // namespace

Result<std::vector<int32_t>> ChooseVocabulary(const std::filesystem::path& dir, std::span<const int64_t> uses,
                                              size_t most) {
  const Vocabulary vocabulary = TRY(ReadVocabulary(dir));
  const size_t size = vocabulary.pieces.size();
  std::vector<int32_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  const auto must_stay = [&](int32_t id) {
    const auto place = static_cast<size_t>(id);
    return vocabulary.added[place] || IsOneCharacter(vocabulary.pieces[place], vocabulary.continuation);
  };
  const auto used = [&](int32_t id) {
    return static_cast<size_t>(id) < uses.size() ? uses[static_cast<size_t>(id)] : int64_t{0};
  };
  const auto others = std::ranges::stable_partition(order, must_stay);
  const size_t stay = size - others.size();
  if (stay > most) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("a vocabulary of {} tokens is too small: {} special tokens and pieces of one character stay", most,
                    stay),
        fmt::format("specify {} or more", stay));
  }
  std::ranges::stable_sort(others, std::ranges::greater(), used);
  // Places kept for later use, such as BERT's [unused12], are of no use to anybody.
  order.erase(std::remove_if(others.begin(), others.end(),
                             [&](int32_t id) {
                               const std::string& piece = vocabulary.pieces[static_cast<size_t>(id)];
                               return used(id) == 0 && (piece.empty() || piece.starts_with("[unused"));
                             }),
              order.end());
  order.resize(std::min(order.size(), most));
  std::ranges::sort(order);
  return order;
}

Result<void> TrimTokenizerFiles(const std::filesystem::path& dir, std::span<const int32_t> kept) {
  const NewIds ids(kept);
  if (Exists(dir / kTokenizerFile)) TRY(TrimTokenizerJson(dir / kTokenizerFile, ids));
  if (Exists(dir / kVocabularyFile)) TRY(TrimVocabTxt(dir / kVocabularyFile, ids));
  if (Exists(dir / kConfigFile)) TRY(TrimConfig(dir / kConfigFile, ids));
  if (Exists(dir / kAddedTokensFile)) {
    const std::string where = (dir / kAddedTokensFile).string();
    Json json = TRY(ParseJson(TRY(ReadFile(where)), where, ErrorCode::kInvalidModel));
    TRY(ids.ReplaceVocabulary(json, where));
    TRY(WriteFileAtomically(where, DumpJson(json)));
  }
  return {};
}

}  // namespace winnow
