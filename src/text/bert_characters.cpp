#include "text/bert_characters.h"

#include <string>

#include "text/character_classes.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {
namespace {

// The one character whose lower case is two: an i and the dot.
constexpr char32_t kDottedI = 0x130, kDotAbove = 0x307;

}  // namespace

bool IsBertSpace(char32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
         unicode::PropertiesOf(c).Has(unicode::Properties::kWhiteSpace);
}

bool IsBertControl(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  switch (unicode::PropertiesOf(c).category()) {
    case unicode::Category::kCc:
    case unicode::Category::kCf:
    case unicode::Category::kCo:
    case unicode::Category::kCs:
      return HasSince(c, 8);
    default:
      return false;
  }
}

bool IsBertIdeograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

BertCharacters::BertCharacters(const BertNormalization& normalization) : normalization_(normalization) {
  for (char32_t c = 0; c < 128; ++c) ascii_[c] = Treat(c);
}

BertCharacters::~BertCharacters() {
  for (const auto& page : pages_) delete page.load(std::memory_order_relaxed);
}

const BertCharacters::Page* BertCharacters::MakePage(char32_t number) const {
  auto page = std::make_unique<Page>();
  for (char32_t i = 0; i < 256; ++i) (*page)[i] = Treat(number << 8 | i);
  const Page* expected = nullptr;
  if (!pages_[number].compare_exchange_strong(expected, page.get(), std::memory_order_acq_rel)) return expected;
  return page.release();
}

BertCharacter BertCharacters::Treat(char32_t c) const {
  BertCharacter result;
  if (c >= 0xD800 && c <= 0xDFFF) return result;
  if (normalization_.clean_text && (c == 0 || c == 0xFFFD || IsBertControl(c))) return result;
  if (IsBertSpace(c)) {
    result.kind = BertCharacter::Kind::kSpace;
    return result;
  }
  std::u32string text;
  if (normalization_.strip_accents) {
    unicode::AppendCanonical(c, text);
  } else {
    text = c;
  }
  bool alone = normalization_.handle_chinese_chars && IsBertIdeograph(c);
  std::string bytes;
  const auto write = [&](char32_t x) {
    alone = alone || IsPunctuation(x);
    AppendUtf8(x, bytes);
    ++result.count;
  };
  for (const char32_t x : text) {
    if (normalization_.strip_accents && IsNonSpacingMark(x)) continue;
    if (normalization_.lowercase && x == kDottedI) {
      write(U'i');
      write(kDotAbove);
    } else {
      write(normalization_.lowercase ? unicode::SimpleLower(x) : x);
    }
  }
  if (bytes.empty() || bytes.size() > result.bytes.size()) return BertCharacter{};
  result.kind = alone ? BertCharacter::Kind::kAlone : BertCharacter::Kind::kInWord;
  result.length = static_cast<uint8_t>(bytes.size());
  bytes.copy(result.bytes.data(), bytes.size());
  return result;
}

}  // namespace winnow
