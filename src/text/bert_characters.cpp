#include "text/bert_characters.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <string>

#include "text/character_classes.h"
#include "text/utf8.h"

namespace winnow {

bool IsBertSpace(char32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
         u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_WHITE_SPACE);
}

bool IsBertControl(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  switch (u_charType(static_cast<UChar32>(c))) {
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_PRIVATE_USE_CHAR:
    case U_SURROGATE:
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
  icu::UnicodeString text(static_cast<UChar32>(c));
  if (normalization_.strip_accents) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString decomposition;
    if (icu::Normalizer2::getNFDInstance(status)->getDecomposition(static_cast<UChar32>(c), decomposition))
      text = decomposition;
  }
  bool alone = normalization_.handle_chinese_chars && IsBertIdeograph(c);
  std::string bytes;
  const auto write = [&](UChar32 x) {
    alone = alone || IsPunctuation(static_cast<char32_t>(x));
    AppendUtf8(static_cast<char32_t>(x), bytes);
    ++result.count;
  };
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 x = text.char32At(i);
    if (normalization_.strip_accents && IsNonSpacingMark(static_cast<char32_t>(x))) continue;
    if (!normalization_.lowercase) {
      write(x);
      continue;
    }
    icu::UnicodeString lower(x);
    lower.toLower(icu::Locale::getRoot());
    for (int32_t j = 0; j < lower.length(); j = lower.moveIndex32(j, 1)) write(lower.char32At(j));
  }
  if (bytes.empty() || bytes.size() > result.bytes.size()) return BertCharacter{};
  result.kind = alone ? BertCharacter::Kind::kAlone : BertCharacter::Kind::kInWord;
  result.length = static_cast<uint8_t>(bytes.size());
  bytes.copy(result.bytes.data(), bytes.size());
  return result;
}

}  // namespace winnow
