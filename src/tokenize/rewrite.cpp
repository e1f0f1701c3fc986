#include "tokenize/rewrite.h"

#include <algorithm>

#include "text/normal_form.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// What SentencePiece's nmt rules drop and take for a space (Hugging Face's normaliser "Nmt" lists the same).
bool NmtDrops(char32_t c) {
  return (c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}
bool NmtTakesForSpace(char32_t c) {
  return c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
         c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
}

NormalForm FormOf(RewriteStep step) {
  switch (step) {
    case RewriteStep::kNfd:
      return NormalForm::kNfd;
    case RewriteStep::kNfkc:
      return NormalForm::kNfkc;
    case RewriteStep::kNfkd:
      return NormalForm::kNfkd;
    default:
      return NormalForm::kNfc;
  }
}

std::string Nmt(std::string_view text, std::vector<uint32_t>& ends) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    if (!NmtDrops(c)) AppendUtf8(NmtTakesForSpace(c) ? U' ' : c, result);
    ends.resize(result.size(), static_cast<uint32_t>(i));
  }
  return result;
}

/// Character by character: no final sigma, as Hugging Face's normaliser "Lowercase" has it.
std::string Lower(std::string_view text, const BertCharacters& characters, std::vector<uint32_t>& ends) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    const BertCharacter& lower = characters.At(c);
    if (lower.length > 0) {
      result.append(lower.bytes.data(), lower.length);
    } else {
      AppendUtf8(c, result);
    }
    ends.resize(result.size(), static_cast<uint32_t>(i));
  }
  return result;
}

}  // namespace

Rewriter::Rewriter(std::vector<RewriteStep> steps) : steps_(std::move(steps)) {
  if (std::ranges::find(steps_, RewriteStep::kLowercase) == steps_.end()) return;
  lower_ = std::make_unique<BertCharacters>(
      BertNormalization{.clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = true});
}

std::string Rewriter::Apply(std::string_view text, std::vector<TokenSpan>* sources) const {
  std::string result(text);
  std::vector<TokenSpan> places(sources == nullptr ? 0 : text.size());
  for (uint32_t i = 0; i < places.size(); ++i) places[i] = {i, i + 1};
  for (const RewriteStep step : steps_) {
    std::vector<uint32_t> ends;  // in the text that the step begins with
    if (step == RewriteStep::kNmt) {
      result = Nmt(result, ends);
    } else if (step == RewriteStep::kLowercase) {
      result = Lower(result, *lower_, ends);
    } else {
      result = Normalize(result, FormOf(step), &ends);
    }
    if (sources == nullptr) continue;
    std::vector<TokenSpan> next(ends.size());
    uint32_t begin = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
      if (i > 0 && ends[i] != ends[i - 1]) begin = ends[i - 1];
      next[i] = {places[begin].begin, places[ends[i] - 1].end};
    }
    places = std::move(next);
  }
  if (sources != nullptr) *sources = std::move(places);
  return result;
}

}  // namespace winnow
