#include "text/normal_form.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "text/utf8.h"

namespace winnow {
namespace {

const icu::Normalizer2* Find(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  switch (form) {
    case NormalForm::kNfc:
      return icu::Normalizer2::getNFCInstance(status);
    case NormalForm::kNfd:
      return icu::Normalizer2::getNFDInstance(status);
    case NormalForm::kNfkc:
      return icu::Normalizer2::getNFKCInstance(status);
    case NormalForm::kNfkd:
      return icu::Normalizer2::getNFKDInstance(status);
  }
  return nullptr;
}

/// ICU puts marks in order by insertion: quadratic, were there no bound.
constexpr int32_t kLongestPart = 256;

}  // namespace

bool IsNormal(std::string_view text, NormalForm form) {
  const icu::Normalizer2* normalizer = Find(form);
  UErrorCode status = U_ZERO_ERROR;
  return normalizer != nullptr &&
         normalizer->isNormalizedUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), status) != 0;
}

std::string Normalize(std::string_view text, NormalForm form, std::vector<uint32_t>* ends) {
  const icu::Normalizer2* normalizer = Find(form);
  std::string result;
  result.reserve(text.size());
  icu::UnicodeString part;  // what no later character changes, once another begins
  size_t end = 0;
  const auto flush = [&] {
    if (part.isEmpty()) return;
    UErrorCode status = U_ZERO_ERROR;
    (normalizer == nullptr ? part : normalizer->normalize(part, status)).toUTF8String(result);
    if (ends != nullptr) ends->resize(result.size(), static_cast<uint32_t>(end));
    part.remove();
  };
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    const bool starts = normalizer == nullptr || normalizer->hasBoundaryBefore(static_cast<UChar32>(c));
    if (starts || part.length() >= kLongestPart) flush();
    part.append(static_cast<UChar32>(c));
    end = i;
  }
  flush();
  return result;
}

}  // namespace winnow
