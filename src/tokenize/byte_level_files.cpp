// Byte-level BPE from tokenizer.json, or from RoBERTa's vocab.json and merges.txt.
#include <algorithm>
#include <optional>

#include "base/files.h"
#include "base/lines.h"
#include "tokenize/bpe_words.h"
#include "tokenize/byte_level_bpe.h"
#include "tokenize/pipeline.h"
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
Result<void> ReadMerges(const Json& merges, const std::string& where, BpeParts& parts) {
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

/// merges.txt's lines.
Result<Json> ReadMergesFile(const std::filesystem::path& path) {
  if (!Exists(path))
    return Fail(ErrorCode::kNotFound, path.string() + ": no such file", "it is required together with vocab.json");
  const std::string text = TRY(ReadFile(path));
  Json merges = Json::array();
  std::string_view rest = text;
  for (size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = TakeLine(rest);
    if (line.empty() || line.starts_with("#version")) continue;
    if (!SplitMerge(line))
      return BrokenTokenizer(path.string(), "line " + std::to_string(number) + " is not a pair of pieces");
    merges.push_back(line);
  }
  return merges;
}

/// The pre-tokenizer that ByteLevelBpe does itself, alone or the only one of a sequence; null for others.
const Json& ByteLevelOf(const Json& json) {
  static const Json none;
  const Json* pre = &json;
  if (const Json& items = Member(json, "pretokenizers");
      TypeOf(json) == "Sequence" && items.is_array() && items.size() == 1)
    pre = &items[0];
  return TypeOf(*pre) == "ByteLevel" && BoolOr(*pre, "use_regex", true) ? *pre : none;
}

Result<BpeParts> ReadBpe(const Json& model, PiecesById pieces, const std::string& where) {
  BpeParts parts;
  if (const Json& dropout = Member(model, "dropout"); dropout.is_number() && dropout.get<double>() != 0) {
    return Fail(
        ErrorCode::kUnsupported,
        where + ": model.dropout is " + DumpJsonLine(dropout) + ", which makes tokens random and is not supported",
        "set it to null; it is meant for the training of a tokenizer's model alone");
  }
  if (!Member(model, "vocab").is_object())
    return BrokenTokenizer(where, "model.vocab is not an object of pieces and ids");
  parts.pieces = TRY(std::move(pieces).All(where));
  TRY(ReadMerges(Member(model, "merges"), where, parts));
  const auto text = [&](const char* key) {
    const Json& value = Member(model, key);
    return value.is_string() ? value.str() : std::string();
  };
  parts.unknown = text("unk_token");
  parts.continuing_prefix = text("continuing_subword_prefix");
  parts.word_suffix = text("end_of_word_suffix");
  parts.fuse_unknown = BoolOr(model, "fuse_unk", false);
  parts.byte_fallback = BoolOr(model, "byte_fallback", false);
  parts.ignore_merges = BoolOr(model, "ignore_merges", false);
  return parts;
}

}  // namespace

Result<std::unique_ptr<const PieceModel>> BpeFromJson(const Json& json, PiecesById pieces, const std::string& where) {
  BpeParts parts = TRY(ReadBpe(Member(json, "model"), std::move(pieces), where));
  const Json& byte_level = ByteLevelOf(Member(json, "pre_tokenizer"));
  const bool plain = parts.continuing_prefix.empty() && parts.word_suffix.empty() && !parts.fuse_unknown &&
                     !parts.byte_fallback && !parts.ignore_merges;
  if (byte_level.is_null() || !plain || !Member(json, "normalizer").is_null())
    return TRY(Pipeline::Make(json, TRY(BpeWords::Make(std::move(parts), where)), where));
  return TRY(ByteLevelBpe::Make({.pieces = std::move(parts.pieces),
                                 .merges = std::move(parts.merges),
                                 .unknown = std::move(parts.unknown),
                                 .add_prefix_space = BoolOr(byte_level, "add_prefix_space", true),
                                 .trim_offsets = BoolOr(Member(json, "post_processor"), "trim_offsets", true)},
                                where));
}

Result<Tokenizer> ByteLevelBpeFromVocabJson(const std::filesystem::path& dir) {
  const std::string where = (dir / "vocab.json").string();
  const TokenizerSettings settings = TRY(TokenizerSettings::Read(dir));
  if (!settings.family.empty() && !settings.IsRoberta() && settings.family != "PreTrainedTokenizer")
    return UnsupportedTokenizer(where, "tokenizer", settings.family);
  PiecesById pieces;
  const Json vocab = TRY(ParseJson(TRY(ReadFile(where)), where, ErrorCode::kInvalidModel));
  if (!vocab.is_object()) return BrokenTokenizer(where, "not an object of pieces and ids");
  for (const auto& [piece, id] : vocab.items()) pieces.Take(piece, id);
  const std::string unknown = settings.Special("unk_token", "<unk>");
  const std::string first = settings.Special("cls_token", "<s>"), last = settings.Special("sep_token", "</s>");
  TokenFrame frame;
  for (const std::string& name :
       {first, settings.Special("pad_token", "<pad>"), last, unknown, settings.Special("mask_token", "<mask>")}) {
    if (const int32_t id = pieces.Find(name); id >= 0)
      frame.added.push_back({.content = name, .id = id, .special = true});
  }
  settings.AddTo(frame);
  TRY(SetTemplate(frame, first, last, 2, where));
  Json merges = TRY(ReadMergesFile(dir / "merges.txt"));
  const Json json = {{"normalizer", nullptr},
                     {"pre_tokenizer",
                      {{"type", "ByteLevel"},
                       {"add_prefix_space", BoolOr(settings.config, "add_prefix_space", false)},
                       {"trim_offsets", true},
                       {"use_regex", true}}},
                     {"post_processor", {{"trim_offsets", BoolOr(settings.config, "trim_offsets", true)}}},
                     {"model",
                      {{"type", "BPE"},
                       {"unk_token", pieces.Find(unknown) >= 0 ? Json(unknown) : Json()},
                       {"vocab", Json::object()},
                       {"merges", std::move(merges)}}}};
  return TokenizerOfJson(json, std::move(pieces), std::move(frame), where);
}

PieceModel::Files ByteLevelBpe::Describe() const {
  Json vocab = Json::object();
  for (size_t id = 0; id < pieces_.size(); ++id) {
    // Pieces are unique; looking for each in the object first would take quadratic time.
    if (!pieces_[id].empty()) vocab.items().emplace_back(pieces_[id], id);
  }
  Json merges = Json::array();
  std::string merges_txt = "#version: 0.2\n";
  for (const auto& [left, right] : merges_.ByRank()) {
    const std::string line = pieces_[static_cast<size_t>(left)] + " " + pieces_[static_cast<size_t>(right)];
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
