#include "review/remove_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>

#include "base/files.h"
#include "base/path_error.h"
#include "base/rename.h"
#include "review/review_pool.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

// CreateReview uses the first one, too, for a review that is not finished.
constexpr char kNewEnd[] = ".new", kOldEnd[] = ".old";

fs::path Beside(const fs::path& directory, const char* end) {
  return directory.parent_path() / ("." + directory.filename().string() + end);
}

Result<void> Remove(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return std::unexpected(PathError(path, error));
  return {};
}

/// Puts `made` in the place of `directory`, which is removed.
Result<void> Exchange(const fs::path& made, const fs::path& directory) {
  SyncDirectory(made);
  std::error_code error;
  if (const int failed = ExchangeNames(made.c_str(), directory.c_str()); failed != 0) {
    if (failed != EINVAL && failed != ENOSYS) {
      return std::unexpected(PathError(directory, std::error_code(failed, std::generic_category())));
    }
    // Without that call, RemoveUnfinishedReviews puts the former one back after a kill between the two.
    fs::rename(directory, Beside(directory, kOldEnd), error);
    if (!error) fs::rename(made, directory, error);
    if (error) return std::unexpected(PathError(directory, error));
    TRY(Remove(Beside(directory, kOldEnd)));
  }
  SyncDirectory(directory.parent_path());
  return Remove(made);
}

/// Returns the lines of the pool that stay. Every text has one line, in this order.
std::string KeptLines(std::string_view pool, const std::vector<bool>& kept) {
  std::string lines;
  size_t begin = 0;
  for (const bool stays : kept) {
    const size_t end = std::min(pool.find('\n', begin), pool.size());
    if (stays) lines.append(pool.substr(begin, end - begin)).append("\n");
    begin = end + 1;
  }
  return lines;
}

/// The numbers of the texts that went before, and of those that go now, counted among all of the first pool.
std::vector<size_t> RemovedNumbers(const std::vector<size_t>& before, const std::vector<bool>& kept) {
  std::vector<size_t> removed;
  size_t item = 0;
  auto gone = before.begin();
  for (size_t number = 0; item < kept.size(); ++number) {
    if (gone != before.end() && *gone == number) {
      removed.push_back(*gone++);
    } else if (!kept[item++]) {
      removed.push_back(number);
    }
  }
  removed.insert(removed.end(), gone, before.end());
  return removed;
}

/// Links files that are none of those that were written: all if nothing was removed from the pool, else those that were
/// not computed of its texts.
Result<void> LinkOthers(const fs::path& directory, const fs::path& made, bool same_pool) {
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    const fs::path to = made / each->path().filename();
    std::error_code failed;
    if (fs::exists(to, failed) || (!same_pool && each->path().extension() == ".bin")) continue;
    fs::create_hard_link(each->path(), to, failed);
    if (failed) return std::unexpected(PathError(each->path(), failed));
  }
  if (error) return std::unexpected(PathError(directory, error));
  return {};
}

Result<void> WriteReduced(const fs::path& directory, ReviewSettings settings, const std::vector<bool>& kept,
                          const std::vector<LogEntry>& log) {
  const fs::path made = Beside(directory, kNewEnd);
  TRY(Remove(made));
  std::error_code error;
  fs::create_directories(made, error);
  if (error) return std::unexpected(PathError(made, error));
  const bool same_pool = std::ranges::find(kept, false) == kept.end();
  if (!same_pool) {
    TRY(WriteFileAtomically(made / kPoolFile, KeptLines(TRY(ReadFile(directory / kPoolFile)), kept)));
    settings.removed = RemovedNumbers(settings.removed, kept);
    TRY(WriteFileAtomically(made / kReviewFile, settings.ToJson().dump(2) + "\n"));
  }
  std::string lines;
  for (const LogEntry& entry : log) lines += DumpJsonLine(entry.ToJson()) + "\n";
  TRY(WriteFileAtomically(made / kLabelLog, lines));
  TRY(LinkOthers(directory, made, same_pool));
  return Exchange(made, directory);
}

size_t CountDecisions(const std::vector<LogEntry>& entries) {
  size_t count = 0;
  for (const LogEntry& entry : entries) count += entry.decisions.size();
  return count;
}

bool Names(const std::vector<std::string>& reviewers, const LogEntry& entry) {
  return !entry.reviewer.empty() && std::ranges::find(reviewers, entry.reviewer) != reviewers.end();
}

}  // namespace

std::vector<LogEntry> LogWithout(const std::vector<LogEntry>& entries, const std::vector<bool>& kept,
                                 const std::vector<std::string>& reviewers) {
  struct Place {
    size_t entry, decision;
  };
  // Of each item its decisions that were not withdrawn, the last one at the end; of each reviewer the own ones
  // likewise.
  std::vector<std::vector<Place>> standing(kept.size());
  std::map<std::string, std::vector<Place>> done;
  const auto item_of = [&](const Place& place) { return entries[place.entry].decisions[place.decision].item; };
  for (size_t e = 0; e < entries.size(); ++e) {
    const LogEntry& entry = entries[e];
    for (size_t d = 0; entry.kind == LogEntry::Kind::kLabels && d < entry.decisions.size(); ++d) {
      if (entry.decisions[d].item >= kept.size()) continue;  // of no text: ReviewState refuses such a log
      standing[entry.decisions[d].item].push_back({e, d});
      done[entry.reviewer].push_back({e, d});
    }
    if (entry.kind != LogEntry::Kind::kUndo) continue;
    std::vector<Place>& own = done[entry.reviewer];
    for (bool undone = false; !own.empty() && !undone; own.pop_back()) {
      std::vector<Place>& of_item = standing[item_of(own.back())];
      // As ReviewState has it: what somebody has decided again since is passed over.
      undone = !of_item.empty() && of_item.back().entry == own.back().entry &&
               of_item.back().decision == own.back().decision;
      if (undone) of_item.pop_back();
    }
  }
  std::vector<size_t> number(kept.size());
  for (size_t item = 0, next = 0; item < kept.size(); ++item) number[item] = kept[item] ? next++ : 0;
  std::vector<std::vector<bool>> stays(entries.size());
  for (size_t e = 0; e < entries.size(); ++e) stays[e].resize(entries[e].decisions.size());
  for (size_t item = 0; item < kept.size(); ++item) {
    for (const Place& place : standing[item]) stays[place.entry][place.decision] = kept[item];
  }
  std::vector<LogEntry> log;
  for (size_t e = 0; e < entries.size(); ++e) {
    const LogEntry::Kind kind = entries[e].kind;
    const bool labels = kind == LogEntry::Kind::kLabels;
    if (kind == LogEntry::Kind::kUndo || (labels && Names(reviewers, entries[e]))) continue;
    LogEntry entry = entries[e];
    entry.decisions.clear();
    for (size_t d = 0; d < stays[e].size(); ++d) {
      if (!stays[e][d]) continue;
      entry.decisions.push_back(entries[e].decisions[d]);
      entry.decisions.back().item = number[entry.decisions.back().item];
    }
    if (!labels || !entry.decisions.empty()) log.push_back(std::move(entry));
  }
  return log;
}

Result<ItemRemoval> RemoveItems(const fs::path& directory, bool dry_run,
                                const std::function<bool(std::string_view text)>& remove,
                                const std::vector<std::string>& reviewers) {
  const ReviewPool pool = TRY(ReadReview(directory));
  ItemRemoval removal{.texts = pool.texts.size()};
  std::vector<bool> kept;
  for (const PoolText& text : pool.texts) {
    kept.push_back(!remove(text.text));
    if (!kept.back()) ++removal.removed;
  }
  std::vector<LogEntry> entries;
  TRY(ReadEntries(directory / kLabelLog, [&](const LogEntry& entry) -> Result<void> {
    entries.push_back(entry);
    return {};
  }));
  const bool named = std::ranges::any_of(entries, [&](const LogEntry& entry) { return Names(reviewers, entry); });
  if (removal.removed == 0 && !named) return removal;
  const std::vector<LogEntry> all = LogWithout(entries, std::vector<bool>(kept.size(), true), {});
  const std::vector<LogEntry> log = LogWithout(entries, kept, reviewers);
  removal.decisions = CountDecisions(all) - CountDecisions(log);
  if (dry_run) return removal;
  if (removal.removed == removal.texts) {
    const fs::path old = Beside(directory, kNewEnd);
    TRY(Remove(old));
    std::error_code error;
    fs::rename(directory, old, error);
    if (error) return std::unexpected(PathError(directory, error));
    SyncDirectory(directory.parent_path());
    TRY(Remove(old));
    return removal;
  }
  TRY(WriteReduced(directory, pool.settings, kept, log));
  return removal;
}

Result<void> RemoveUnfinishedReviews(const fs::path& reviews) {
  std::error_code error;
  std::vector<fs::path> left;
  if (!fs::is_directory(reviews, error)) return {};
  for (fs::directory_iterator each(reviews, error), end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with('.') && (name.ends_with(kNewEnd) || name.ends_with(kOldEnd))) left.push_back(each->path());
  }
  if (error) return std::unexpected(PathError(reviews, error));
  for (const fs::path& path : left) {
    const std::string name = path.filename().string();
    const fs::path review = reviews / name.substr(1, name.size() - 1 - (sizeof kOldEnd - 1));
    if (name.ends_with(kOldEnd) && !fs::exists(review, error)) {
      fs::rename(path, review, error);
      if (error) return std::unexpected(PathError(path, error));
    } else {
      TRY(Remove(path));
    }
  }
  return {};
}

}  // namespace winnow
