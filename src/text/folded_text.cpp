#include "text/folded_text.h"

#include "text/disguise.h"

namespace winnow {

FoldedText::FoldedText(InputTextView original, bool fold, Places places) : original_(original), fold_(fold) {
  if (fold) folded_ = FoldDisguises(original.joined(), places == Places::kKept ? &ends_ : nullptr);
}

void FoldedTexts::Assign(std::span<const std::string_view> originals, bool fold) {
  folded_.clear();
  if (!fold) return texts_.assign(originals.begin(), originals.end());
  for (const std::string_view original : originals) folded_.push_back(FoldDisguises(original));
  texts_.assign(folded_.begin(), folded_.end());
}

}  // namespace winnow
