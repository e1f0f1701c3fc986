#include "feedback/campaign_groups.h"

#include <algorithm>

namespace winnow {

bool AreNearDuplicates(const CampaignText& a, const CampaignText& b, const CampaignLikeness& likeness) {
  if (a.digest == b.digest) return true;
  return std::min(a.words, b.words) >= likeness.least_words &&
         SketchSimilarity(a.singles, b.singles) >= likeness.words &&
         SketchSimilarity(a.pairs, b.pairs) >= likeness.pairs;
}

size_t CampaignGroups::GroupOf(std::string_view text) {
  const size_t groups = first_.size();
  own_.push_back(PrepareCampaignText(text));
  const size_t group = GroupOf(own_.back());
  if (group < groups) own_.pop_back();
  return group;
}

size_t CampaignGroups::GroupOf(const CampaignText& text) {
  if (const auto known = by_digest_.find(text.digest); known != by_digest_.end()) return known->second;
  const auto hashes = BandHashes(text.singles);
  for (size_t band = 0; band < kCampaignBands; ++band) bands_[band].Prefetch(hashes[band]);
  size_t group = first_.size();
  for (size_t band = 0; band < kCampaignBands && text.words >= likeness_.least_words; ++band) {
    bands_[band].ForEach(hashes[band], [&](BandTable::Slot slot) {
      if (slot.entry < group && AreNearDuplicates(text, *first_[slot.entry], likeness_)) group = slot.entry;
    });
  }
  by_digest_.emplace(text.digest, group);
  if (group < first_.size()) return group;
  first_.push_back(&text);
  for (size_t band = 0; band < kCampaignBands; ++band) {
    bands_[band].Insert(hashes[band], {static_cast<uint32_t>(group), 0}, first_.size(),
                        [](BandTable::Slot) { return true; });
  }
  return group;
}

}  // namespace winnow
