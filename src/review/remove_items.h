/// Removal of texts, and of what a reviewer has decided, from the files of a review.
///
/// Items are numbered by their places in the pool, and decisions name these numbers. So the texts that stay get new
/// numbers, in the pool and in the log alike; review.json keeps the former numbers of those that went, by which the
/// texts that are kept for audits stay the same (OrderWithout).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "review/label_log.h"

namespace winnow {

struct ItemRemoval {
  size_t texts = 0, removed = 0;  ///< texts of the pool, and how many go
  size_t decisions = 0;           ///< decisions that go: about these texts, and those of the reviewers
};

/// Removes the texts for which `remove` returns true, and the decisions of `reviewers`, whose texts wait for a label
/// again. The other lines of the pool stay as they are, byte for byte. If anything goes, the log is written again
/// without what was withdrawn, and what was computed of removed texts is removed. A review without texts is removed.
/// The directory is exchanged for a new one as a whole: a killed process leaves the old or the new one, and the next
/// call removes what it has left beside it. With `dry_run` it only counts. No process may have the review open. Errors:
/// those of ReadReview and ReadEntries; kIo.
Result<ItemRemoval> RemoveItems(const std::filesystem::path& directory, bool dry_run,
                                const std::function<bool(std::string_view text)>& remove,
                                const std::vector<std::string>& reviewers);

/// Removes what killed processes have left in a directory of reviews: unfinished ones, and former ones that were
/// exchanged. Errors: kIo.
Result<void> RemoveUnfinishedReviews(const std::filesystem::path& reviews);

/// Returns the log that leads to the same labels, without what was withdrawn, without decisions about texts that are
/// not `kept` ([items]) and without those of `reviewers`; items are numbered among those that are kept.
std::vector<LogEntry> LogWithout(const std::vector<LogEntry>& entries, const std::vector<bool>& kept,
                                 const std::vector<std::string>& reviewers);

}  // namespace winnow
