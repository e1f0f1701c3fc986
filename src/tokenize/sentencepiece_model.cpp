#include "tokenize/sentencepiece_model.h"

#include <bit>
#include <optional>

namespace winnow {
namespace {

/// A protobuf message's fields, one after the other (Protocol Buffers documentation, "Encoding").
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  struct Field {
    uint64_t number = 0;
    uint64_t value = 0;      // of a varint or a fixed number
    std::string_view bytes;  // of a string or a message
  };
  /// The next field; nothing at the end, and where the message is broken.
  std::optional<Field> Next() {
    if (rest_.empty()) return std::nullopt;
    const uint64_t tag = Varint();
    Field field;
    field.number = tag >> 3;
    switch (tag & 7) {
      case 0:
        field.value = Varint();
        break;
      case 1:
        field.value = Fixed(8);
        break;
      case 2:
        field.bytes = Take(Varint());
        break;
      case 5:
        field.value = Fixed(4);
        break;
      default:
        broken_ = true;
    }
    if (field.number == 0) broken_ = true;
    return broken_ ? std::nullopt : std::optional(field);
  }
  bool broken() const { return broken_; }

 private:
  std::string_view Take(uint64_t count) {
    if (count > rest_.size()) {
      broken_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  uint64_t Fixed(uint64_t count) {
    uint64_t value = 0;
    int shift = 0;
    for (const char c : Take(count)) {
      value |= uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::string_view byte = Take(1);
      if (byte.empty()) return 0;
      value |= uint64_t{static_cast<unsigned char>(byte[0]) & 0x7Fu} << shift;
      if ((static_cast<unsigned char>(byte[0]) & 0x80) == 0) return value;
    }
    broken_ = true;
    return 0;
  }

  std::string_view rest_;
  bool broken_ = false;
};

/// ModelProto.SentencePiece: piece = 1, score = 2, type = 3.
std::optional<UnigramPiece> ReadPiece(std::string_view message) {
  using Kind = UnigramPiece::Kind;
  UnigramPiece piece;
  Fields fields(message);
  while (const auto field = fields.Next()) {
    if (field->number == 1) piece.text = field->bytes;
    if (field->number == 2) piece.score = std::bit_cast<float>(static_cast<uint32_t>(field->value));
    if (field->number != 3) continue;
    switch (field->value) {
      case 1:
        piece.kind = Kind::kNormal;
        break;
      case 2:
        piece.kind = Kind::kUnknown;
        break;
      case 3:
        piece.kind = Kind::kControl;
        break;
      case 4:
        piece.kind = Kind::kUserDefined;
        break;
      case 5:
        piece.kind = Kind::kUnused;
        break;
      case 6:
        piece.kind = Kind::kByte;
        break;
      default:
        return std::nullopt;
    }
  }
  return fields.broken() ? std::nullopt : std::optional(std::move(piece));
}

}  // namespace

Result<UnigramParts> ParseSentencePieceModel(std::string_view bytes, std::string_view where) {
  const std::string name(where);
  const auto broken = [&](const std::string& what) { return Fail(ErrorCode::kInvalidModel, name + ": " + what); };
  const auto unsupported = [&](const std::string& what) {
    return Fail(ErrorCode::kUnsupported, name + ": " + what, "SentencePiece models of type unigram are supported");
  };
  UnigramParts parts;
  std::string_view trainer, normalizer;
  Fields fields(bytes);
  while (const auto field = fields.Next()) {
    if (field->number == 1) {
      auto piece = ReadPiece(field->bytes);
      if (!piece) return broken("the piece " + std::to_string(parts.pieces.size()) + " is not valid");
      parts.pieces.push_back(*std::move(piece));
    }
    if (field->number == 2) trainer = field->bytes;
    if (field->number == 3) normalizer = field->bytes;
  }
  if (fields.broken() || parts.pieces.empty())
    return broken("not a SentencePiece model, or truncated after " + std::to_string(parts.pieces.size()) + " pieces");
  Fields of_trainer(trainer);
  while (const auto field = of_trainer.Next()) {
    if (field->number == 3 && field->value != 1) {
      constexpr const char* kTypes[] = {"?", "unigram", "bpe", "word", "char"};
      return unsupported("the model is of type " + std::string(kTypes[field->value < 5 ? field->value : 0]) +
                         ", which is not supported");
    }
    if (field->number == 24 && field->value != 0)
      return unsupported("treat_whitespace_as_suffix is set, which is not supported");
    if (field->number == 35) parts.byte_fallback = field->value != 0;
  }
  Fields of_normalizer(normalizer);
  using Prefix = UnigramNormalization::Prefix;
  using Spaces = UnigramNormalization::Spaces;
  while (const auto field = of_normalizer.Next()) {
    if (field->number == 2) parts.normalization.charsmap = field->bytes;
    if (field->number == 3) parts.normalization.prefix = field->value != 0 ? Prefix::kAlways : Prefix::kNever;
    if (field->number == 4) parts.normalization.spaces = field->value != 0 ? Spaces::kBetweenWords : Spaces::kAll;
    if (field->number == 5 && field->value == 0)
      return unsupported("escape_whitespaces is not set, which is not supported");
  }
  if (of_trainer.broken() || of_normalizer.broken()) return broken("the options of the model are not valid");
  return parts;
}

}  // namespace winnow
