/// The treatment of characters by BERT's reference tokenizer: drop a character, replace it by a space, or write it in
/// its normal form, within a word or as a word of its own (google-research/bert, tokenization.py, BasicTokenizer;
/// Hugging Face's BertNormalizer and BertPreTokenizer give the same).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

namespace winnow {

/// Returns true for white space, Unicode's.
bool IsBertSpace(char32_t c);
/// Returns true for control, format and private-use characters but tab and line ends. Unassigned code points are none,
/// as in Hugging Face's tokenizers.
bool IsBertControl(char32_t c);
/// Returns true for the blocks of ideographs that BERT's tokenizer names; not for kana or hangul, which are written in
/// words.
bool IsBertIdeograph(char32_t c);

struct BertNormalization {
  bool clean_text = true;            ///< drops control characters, NUL and U+FFFD; every white space is a space
  bool handle_chinese_chars = true;  ///< true if each CJK ideograph is a word of its own
  bool strip_accents = true;         ///< canonical decomposition, then without non-spacing marks
  bool lowercase = true;
};

/// The treatment of one character.
struct BertCharacter {
  enum class Kind : uint8_t { kDrop, kSpace, kInWord, kAlone };
  Kind kind = Kind::kDrop;
  uint8_t length = 0;  ///< length of `bytes`
  uint8_t count = 0;   ///< number of code points in `bytes`
  std::array<char, 13>
      bytes{};  ///< the normal form, UTF-8: at most four code points, of which the longest takes 12 bytes
};

/// The treatments of all characters, computed in pages of 256 when one of them is first used. Thread-safe.
class BertCharacters {
 public:
  explicit BertCharacters(const BertNormalization& normalization);
  ~BertCharacters();
  BertCharacters(const BertCharacters&) = delete;
  BertCharacters& operator=(const BertCharacters&) = delete;

  const BertCharacter& At(char32_t c) const {
    const Page* page = pages_[c >> 8].load(std::memory_order_acquire);
    if (page == nullptr) page = MakePage(c >> 8);
    return (*page)[c & 0xFF];
  }
  /// Returns the treatment of an ASCII character without a page table lookup.
  const BertCharacter& Ascii(unsigned char c) const { return ascii_[c]; }

  const BertNormalization& normalization() const { return normalization_; }

 private:
  using Page = std::array<BertCharacter, 256>;
  const Page* MakePage(char32_t number) const;
  BertCharacter Treat(char32_t c) const;

  BertNormalization normalization_;
  mutable std::array<std::atomic<const Page*>, 0x1100> pages_{};
  std::array<BertCharacter, 128> ascii_;
};

}  // namespace winnow
