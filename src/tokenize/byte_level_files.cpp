// Byte-level BPE from tokenizer.json, or from RoBERTa's vocab.json and merges.txt.
#include <algorithm>
#include <array>
#include <optional>

#include "base/files.h"
#include "tokenize/byte_level_bpe.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

/// "left right"
std::optional<std::pair<std::string, std::string>> SplitMerge(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == line.size()) return std::nullopt;
  if (line.find(' ', space + 1) != std::string_view::npos) return std::nullopt;
  return std::pair(std::string(line.substr(0, space)), std::string(line.substr(space + 1)));
}

/// Strings, or pairs as newer versions write them.
Result<void> ReadMerges(const Json& merges, const std::string& where, ByteLevelBpeParts& parts) {
  if (!merges.is_array()) return BrokenTokenizer(where, "model.merges is not a list");
  parts.merges.reserve(merges.size());
  for (const Json& merge : merges) {
    if (merge.is_string()) {
      if (auto pair = SplitMerge(merge.str())) {
        parts.merges.push_back(*std::move(pair));
        continue;
      }
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      parts.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
      continue;
    }
    return BrokenTokenizer(where, "model.merges[" + std::to_string(parts.merges.size()) + "] is not a pair of pieces");
  }
  return {};
}

/// ByteLevel, alone or the only one of a sequence.
Result<void> ReadPreTokenizer(const Json& json, const std::string& where, ByteLevelBpeParts& parts) {
  const Json* pre = &json;
  if (const Json& items = Member(json, "pretokenizers");
      TypeOf(json) == "Sequence" && items.is_array() && items.size() == 1)
    pre = &items[0];
  if (const std::string type = TypeOf(*pre); type != "ByteLevel")
    return UnsupportedTokenizer(where, "pre-tokenizer", type);
  if (!BoolOr(*pre, "use_regex", true))
    return UnsupportedTokenizer(where, "pre-tokenizer", "ByteLevel without use_regex");
  parts.add_prefix_space = BoolOr(*pre, "add_prefix_space", true);
  return {};
}

bool IsSet(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  return !value.is_string() || !value.str().empty();
}

}  // namespace

Result<Tokenizer> ByteLevelBpeFromJson(const Json& json, PiecesById pieces, const std::string& where) {
  const Json& model = Member(json, "model");
  if (const Json& normalizer = Member(json, "normalizer"); !normalizer.is_null())
    return UnsupportedTokenizer(where, "normalizer", TypeOf(normalizer));
  ByteLevelBpeParts parts;
  TRY(ReadPreTokenizer(Member(json, "pre_tokenizer"), where, parts));
  for (const char* option : {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"}) {
    if (!IsSet(Member(model, option))) continue;
    return Fail(ErrorCode::kUnsupported, where + ": model." + option + " is " + DumpJsonLine(Member(model, option)) +
                                             ", which is not supported");
  }
  if (!Member(model, "vocab").is_object())
    return BrokenTokenizer(where, "model.vocab is not an object of pieces and ids");
  parts.pieces = TRY(std::move(pieces).All(where));
  TRY(ReadMerges(Member(model, "merges"), where, parts));
  if (const Json& unknown = Member(model, "unk_token"); unknown.is_string()) parts.unknown = unknown.get<std::string>();
  parts.trim_offsets = BoolOr(Member(json, "post_processor"), "trim_offsets", true);
  TokenFrame frame = TRY(ReadFrame(json, where));
  return Tokenizer::Make(TRY(ByteLevelBpe::Make(std::move(parts), where)), std::move(frame), where);
}

Result<Tokenizer> ByteLevelBpeFromVocabJson(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "vocab.json", merges_path = dir / "merges.txt";
  const std::string where = path.string();
  const Json config = TRY(ReadOptionalJson(dir, "tokenizer_config.json"));
  const std::string family = TokenizerFamily(config, TRY(ReadOptionalJson(dir, "config.json")));
  constexpr std::array kFamilies = {"", "RobertaTokenizer", "roberta", "roberta-prelayernorm"};
  if (std::ranges::find(kFamilies, family) == kFamilies.end()) return UnsupportedTokenizer(where, "tokenizer", family);
  PiecesById pieces;
  const Json vocab = TRY(ParseJson(TRY(ReadFile(path)), where, ErrorCode::kInvalidModel));
  if (!vocab.is_object()) return BrokenTokenizer(where, "not an object of pieces and ids");
  for (const auto& [piece, id] : vocab.items()) pieces.Take(piece, id);
  ByteLevelBpeParts parts;
  parts.pieces = TRY(std::move(pieces).All(where));
  if (!std::filesystem::exists(merges_path))
    return Fail(ErrorCode::kNotFound, merges_path.string() + ": no such file",
                "it is required together with vocab.json");
  const std::string text = TRY(ReadFile(merges_path));
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    ++number;
    if (line.empty() || line.starts_with("#version")) continue;
    auto pair = SplitMerge(line);
    if (!pair)
      return BrokenTokenizer(merges_path.string(), "line " + std::to_string(number) + " is not a pair of pieces");
    parts.merges.push_back(*std::move(pair));
  }
  parts.unknown = SpecialToken(config, "unk_token", "<unk>");
  parts.add_prefix_space = BoolOr(config, "add_prefix_space", false);
  parts.trim_offsets = BoolOr(config, "trim_offsets", true);
  TokenFrame frame;
  const std::array names = {SpecialToken(config, "cls_token", "<s>"), SpecialToken(config, "pad_token", "<pad>"),
                            SpecialToken(config, "sep_token", "</s>"), parts.unknown,
                            SpecialToken(config, "mask_token", "<mask>")};
  for (const std::string& name : names) {
    const auto found = std::ranges::find(parts.pieces, name);
    if (found == parts.pieces.end()) continue;
    const auto id = static_cast<int32_t>(found - parts.pieces.begin());
    frame.added.push_back({.content = name, .id = id, .special = true});
    if (&name == &names[0]) frame.before = {id};
    if (&name == &names[2]) frame.after = {id};
  }
  if (frame.before.empty() || frame.after.empty())
    return BrokenTokenizer(where, "the vocabulary has no " + names[frame.before.empty() ? 0 : 2]);
  frame.between.assign(2, frame.after.front());
  return Tokenizer::Make(TRY(ByteLevelBpe::Make(std::move(parts), where)), std::move(frame), where);
}

PieceModel::Files ByteLevelBpe::Describe() const {
  Json vocab = Json::object();
  for (size_t id = 0; id < pieces_.size(); ++id) {
    // Pieces are unique; looking for each in the object first would take quadratic time.
    if (!pieces_[id].empty()) vocab.items().emplace_back(pieces_[id], id);
  }
  // A merge is written by its pieces, in the order of the ranks.
  std::vector<Merge> by_rank;
  for (const Merge& merge : merges_) {
    if (merge.pair != kNoPair) by_rank.push_back(merge);
  }
  std::ranges::sort(by_rank, {}, &Merge::rank);
  Json merges = Json::array();
  std::string merges_txt = "#version: 0.2\n";
  for (const Merge& merge : by_rank) {
    const std::string line = pieces_[merge.pair >> 32] + " " + pieces_[merge.pair & 0xFFFFFFFF];
    merges_txt += line + "\n";
    merges.push_back(line);
  }
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", add_prefix_space_},
                           {"trim_offsets", trim_offsets_},
                           {"use_regex", true}};
  Files files;
  files.others.emplace_back("vocab.json", DumpJson(vocab));
  files.others.emplace_back("merges.txt", std::move(merges_txt));
  files.tokenizer = {{"normalizer", nullptr},
                     {"pre_tokenizer", byte_level},
                     {"decoder", byte_level},
                     {"model",
                      {{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", unknown_id_ < 0 ? Json() : Json(pieces_[static_cast<size_t>(unknown_id_)])},
                       {"continuing_subword_prefix", nullptr},
                       {"end_of_word_suffix", nullptr},
                       {"fuse_unk", false},
                       {"vocab", std::move(vocab)},
                       {"merges", std::move(merges)}}}};
  files.config = {{"tokenizer_class", "RobertaTokenizer"},
                  {"add_prefix_space", add_prefix_space_},
                  {"trim_offsets", trim_offsets_}};
  return files;
}

}  // namespace winnow
