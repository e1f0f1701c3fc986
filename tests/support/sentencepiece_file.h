/// SentencePiece model files, written field by field for tests.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

inline std::string ProtoVarint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string ProtoNumber(int field, uint64_t value) {
  return ProtoVarint(static_cast<uint64_t>(field) << 3) + ProtoVarint(value);
}
inline std::string ProtoBytes(int field, std::string_view bytes) {
  return ProtoVarint(static_cast<uint64_t>(field) << 3 | 2) + ProtoVarint(bytes.size()) + std::string(bytes);
}
inline std::string ProtoFloat(int field, float value) {
  std::string bytes = ProtoVarint(static_cast<uint64_t>(field) << 3 | 5);
  for (int shift = 0; shift < 32; shift += 8)
    bytes += static_cast<char>(std::bit_cast<uint32_t>(value) >> shift & 0xFF);
  return bytes;
}
/// `type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
inline std::string ProtoPiece(std::string_view text, float score, uint64_t type = 1) {
  return ProtoBytes(1, ProtoBytes(1, text) + ProtoFloat(2, score) + ProtoNumber(3, type));
}

/// A double array of single bytes: rules for ASCII characters, laid out as SentencePiece does it (a trie without
/// branches below the root: 256 places for the first bytes, and a block of 256 with the values).
inline std::string AsciiRules(const std::vector<std::pair<char, std::string>>& rules) {
  std::vector<uint32_t> units(512, 0xFF);  // 0xFF: a label that no ASCII character has
  units[0] = 0;                            // the root's children begin at 0
  std::string forms;
  for (const auto& [from, to] : rules) {
    const auto byte = static_cast<unsigned char>(from);
    units[byte] = 256u << 10 | 1u << 8 | byte;  // its value lies at its place with 256 flipped
    units[byte ^ 256u] = 1u << 31 | static_cast<uint32_t>(forms.size());
    forms += to + '\0';
  }
  std::string blob;
  const auto add = [&](uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) blob += static_cast<char>(number >> shift & 0xFF);
  };
  add(static_cast<uint32_t>(4 * units.size()));
  for (const uint32_t unit : units) add(unit);
  return blob + forms;
}

/// DeBERTa's order: [PAD] [CLS] [SEP] [UNK], 256 bytes, then `pieces`.
inline std::string DebertaFile(const std::vector<std::pair<std::string, float>>& pieces) {
  std::string file =
      ProtoPiece("[PAD]", 0, 3) + ProtoPiece("[CLS]", 0, 3) + ProtoPiece("[SEP]", 0, 3) + ProtoPiece("[UNK]", 0, 2);
  for (int byte = 0; byte < 256; ++byte) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    file += ProtoPiece(std::string("<0x") + kDigits[byte / 16] + kDigits[byte % 16] + ">", 0, 6);
  }
  for (const auto& [text, score] : pieces) file += ProtoPiece(text, score);
  file += ProtoBytes(2, ProtoNumber(3, 1) + ProtoNumber(35, 1));
  return file + ProtoBytes(3, ProtoBytes(2, AsciiRules({{'\t', " "}, {'A', "a"}})));
}

/// XLM-RoBERTa's: <unk> <s> </s>, then `pieces`.
inline std::string XlmRobertaFile(const std::vector<std::pair<std::string, float>>& pieces) {
  std::string file = ProtoPiece("<unk>", 0, 2) + ProtoPiece("<s>", 0, 3) + ProtoPiece("</s>", 0, 3);
  for (const auto& [text, score] : pieces) file += ProtoPiece(text, score);
  return file + ProtoBytes(2, ProtoNumber(3, 1)) + ProtoBytes(3, ProtoBytes(2, AsciiRules({{'\t', " "}})));
}

}  // namespace winnow
