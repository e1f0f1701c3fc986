#include "forget/forgotten_texts.h"

#include <algorithm>

#include "text/duplicate_key.h"
#include "text/segments.h"

namespace winnow {

std::string WholeText(std::string_view text) {
  std::string whole(text);
  std::ranges::replace(whole, kSegmentSeparator, '\n');
  return whole;
}

void ForgottenTexts::Add(std::string_view text) {
  std::string key = DuplicateKey(WholeText(text));
  if (!key.empty()) keys_.insert(std::move(key));
}

void ForgottenTexts::Remove(const ForgottenTexts& others) {
  std::erase_if(keys_, [&](const std::string& key) { return others.keys_.contains(key); });
}

bool ForgottenTexts::Contains(std::string_view text) const {
  return !keys_.empty() && keys_.contains(DuplicateKey(WholeText(text)));
}

}  // namespace winnow
