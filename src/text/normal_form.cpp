#include "text/normal_form.h"

#include <algorithm>

#include "text/canonical_order.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

// The text is divided into parts before characters that do not interact with those before them (kBoundaryBefore); each
// part is decomposed, put in canonical order and, for NFC and NFKC, composed. Most parts are single characters that
// stay.

namespace winnow {
namespace {

using unicode::Normalization;

/// The largest number of UTF-16 units that are normalized together as one part. Places of origin are those of whole
/// parts.
constexpr size_t kLongestPart = 256;

bool Composes(NormalForm form) { return form == NormalForm::kNfc || form == NormalForm::kNfkc; }

void AppendDecomposition(char32_t c, NormalForm form, std::u32string& out) {
  const bool compatibility = form == NormalForm::kNfkc || form == NormalForm::kNfkd;
  compatibility ? unicode::AppendCompatibility(c, out) : unicode::AppendCanonical(c, out);
}

/// The flags of a form among those of all.
unsigned FlagsOf(const Normalization& character, NormalForm form) {
  return character.flags >> (4 * static_cast<unsigned>(form));
}

/// Normalizes one text, part by part.
class Normalizer {
 public:
  Normalizer(NormalForm form, size_t longest_part) : form_(form), longest_part_(longest_part) {}

  std::string Run(std::string_view text, std::vector<uint32_t>* ends) {
    std::string result;
    result.reserve(text.size());
    size_t end = 0;
    size_t units = 0;
    const auto flush = [&] {
      if (part_.empty()) return;
      WritePart(result);
      if (ends != nullptr) ends->resize(result.size(), static_cast<uint32_t>(end));
      part_.clear();
      units = 0;
    };
    for (size_t i = 0; i < text.size();) {
      const char32_t c = NextCodePoint(text, i);
      const bool starts =
          c < 0x80 || (FlagsOf(unicode::NormalizationOf(c), form_) & Normalization::kBoundaryBefore) != 0;
      if (starts || units >= longest_part_) flush();
      part_ += c;
      units += c > 0xFFFF ? 2 : 1;
      end = i;
    }
    flush();
    return result;
  }

 private:
  void WritePart(std::string& result) {
    if (part_.size() == 1) {
      const char32_t c = part_[0];
      if (c < 0x80 || (FlagsOf(unicode::NormalizationOf(c), form_) & Normalization::kNo) == 0) {
        return AppendUtf8(c, result);
      }
    }
    normal_.clear();
    for (const char32_t c : part_) AppendDecomposition(c, form_, normal_);
    OrderMarks(normal_);
    if (Composes(form_)) ComposeCharacters(normal_);
    for (const char32_t c : normal_) AppendUtf8(c, result);
  }

  NormalForm form_;
  size_t longest_part_;
  std::u32string part_, normal_;
};

}  // namespace

bool IsNormal(std::string_view text, NormalForm form) {
  bool maybe = false;
  uint8_t last = 0;  // combining class
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      last = 0;
      ++i;
      continue;
    }
    const Normalization& character = unicode::NormalizationOf(NextCodePoint(text, i));
    const unsigned flags = FlagsOf(character, form);
    if ((flags & Normalization::kNo) != 0) return false;
    if (character.combining_class != 0 && character.combining_class < last) return false;
    maybe = maybe || (flags & Normalization::kMaybe) != 0;
    last = character.combining_class;
  }
  return !maybe || Normalizer(form, text.size() + 1).Run(text, nullptr) == text;
}

std::string Normalize(std::string_view text, NormalForm form, std::vector<uint32_t>* ends) {
  return Normalizer(form, kLongestPart).Run(text, ends);
}

}  // namespace winnow
