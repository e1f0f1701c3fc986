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
  CampaignText prepared = PrepareCampaignText(text);
  if (const auto known = by_digest_.find(prepared.digest); known != by_digest_.end()) return known->second;
  const auto hashes = BandHashes(prepared.singles);
  size_t group = first_.size();
  for (size_t band = 0; band < kCampaignBands && prepared.words >= likeness_.least_words; ++band) {
    bands_[band].ForEach(hashes[band], [&](BandTable::Slot slot) {
      if (slot.entry < group && AreNearDuplicates(prepared, first_[slot.entry], likeness_)) group = slot.entry;
    });
  }
  by_digest_.emplace(prepared.digest, group);
  if (group < first_.size()) return group;
  first_.push_back(std::move(prepared));
  for (size_t band = 0; band < kCampaignBands; ++band) {
    bands_[band].Insert(hashes[band], {static_cast<uint32_t>(group), 0}, first_.size(),
                        [](BandTable::Slot) { return true; });
  }
  return group;
}

}  // namespace winnow
