#include "data/new_texts.h"

#include "text/duplicate_key.h"
#include "text/text_parts.h"

namespace winnow {

NewTexts::NewTexts(const Dataset& train, std::span<const Dataset* const> held_out) {
  for (const Example& example : train.examples) texts_.insert(example.text);
  for (const Dataset* set : held_out) {
    for (const Example& example : set->examples) held_out_keys_.insert(DuplicateKey(example.text));
  }
}

NewTexts::Verdict NewTexts::Take(const std::string& text) {
  if (!held_out_keys_.empty() && held_out_keys_.contains(DuplicateKey(text))) return Verdict::kForbidden;
  if (IsBlank(text) || !texts_.insert(text).second) return Verdict::kRepeated;
  return Verdict::kNew;
}

}  // namespace winnow
