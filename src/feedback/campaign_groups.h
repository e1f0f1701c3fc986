/// Groups of messages that are near-duplicates, as the campaign memory compares them.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <string_view>
#include <vector>

#include "feedback/band_table.h"
#include "feedback/campaign_text.h"

namespace winnow {

/// Least similarities of the sets of words, and of the sets of pairs of neighbouring words, of near-duplicates, and the
/// number of words below which texts are near-duplicates only if they are equal after folding.
struct CampaignLikeness {
  double words = 0.6, pairs = 0.35;
  size_t least_words = 5;
};

/// Returns true if the texts are near-duplicates.
bool AreNearDuplicates(const CampaignText& a, const CampaignText& b, const CampaignLikeness& likeness);

/// Not thread-safe.
class CampaignGroups {
 public:
  explicit CampaignGroups(CampaignLikeness likeness = {}) : likeness_(likeness) {}
  CampaignGroups(const CampaignGroups&) = delete;
  CampaignGroups& operator=(const CampaignGroups&) = delete;

  /// Returns the number of the group of a text: that of the first text of a group which it is a near-duplicate of, else
  /// a new one. Groups depend on the order of the texts.
  size_t GroupOf(std::string_view text);
  /// As above; `text` must outlive the groups.
  size_t GroupOf(const CampaignText& text);

 private:
  const CampaignLikeness likeness_;
  std::deque<CampaignText> own_;  // first texts that nobody else keeps
  std::vector<const CampaignText*> first_;
  std::map<std::array<uint64_t, 2>, size_t> by_digest_;
  std::array<BandTable, kCampaignBands> bands_;
};

}  // namespace winnow
