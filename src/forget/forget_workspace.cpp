#include "forget/forget_workspace.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/lines.h"
#include "base/path_error.h"
#include "base/replace_file.h"
#include "bundle/manifest.h"
#include "bundle/output_lock.h"
#include "filter/must_pass.h"
#include "filter/spam_filter.h"
#include "review/remove_items.h"
#include "review/review_pool.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kWriterMark = ".winnow-";  // of OutputLock

/// Returns the entries of a directory in the order of their names; none if it is missing.
Result<std::vector<fs::path>> EntriesOf(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  if (!fs::is_directory(directory, error)) return paths;
  for (fs::directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    paths.push_back(each->path());
  }
  if (error) return std::unexpected(PathError(directory, error));
  std::ranges::sort(paths);
  return paths;
}

bool IsHidden(const fs::path& path) { return path.filename().native().starts_with('.'); }

/// Returns the regular files below a directory, hidden ones included, but nothing behind links.
Result<std::vector<fs::path>> FilesBelow(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  if (!fs::is_directory(directory, error)) return files;
  for (fs::recursive_directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    std::error_code ignored;
    if (fs::is_regular_file(each->symlink_status(ignored))) files.push_back(each->path());
  }
  if (error) return std::unexpected(PathError(directory, error));
  std::ranges::sort(files);
  return files;
}

bool IsBelow(const fs::path& path, const fs::path& directory) {
  return std::ranges::mismatch(directory, path).in1 == directory.end();
}

/// The messages of a must-pass list that stay, each with its own bytes.
std::string KeptMessages(const std::string& contents, const std::function<bool(const FilterMessage&)>& goes,
                         size_t& messages, size_t& removed) {
  std::string kept;
  for (std::string_view rest = contents; !rest.empty();) {
    const std::string_view line = TakeLineWithEnd(rest);
    // A line that cannot be read stays; the search finds a text in it.
    const Result<std::vector<MustPassCase>> read = ParseMustPass(line, "must_pass.jsonl");
    const bool message = read && read->size() == 1;
    messages += message ? 1 : 0;
    if (message && goes(read->front().message)) {
      ++removed;
    } else {
      kept += line;
    }
  }
  return kept;
}

}  // namespace

Result<std::unique_ptr<ForgettingWorkspace>> ForgettingWorkspace::Open(const fs::path& directory, bool dry_run) {
  std::error_code error;
  const fs::path root = fs::canonical(directory, error);
  const bool known = !error && (fs::is_directory(root / "data", error) || fs::is_directory(root / "models", error));
  if (!known) {
    return Fail(ErrorCode::kNotFound, directory.string() + ": is not the workspace of a server",
                "specify the directory that winnow serve has as --workspace");
  }
  std::unique_ptr<ForgettingWorkspace> opened(new ForgettingWorkspace(root, dry_run));
  if (!dry_run) {
    JobRunnerOptions options;
    options.directory = root / "jobs";
    options.max_running = 0;
    Result<std::unique_ptr<JobRunner>> lock = JobRunner::Open(std::move(options));
    if (!lock && lock.error().code == ErrorCode::kExists) {
      return Fail(ErrorCode::kExists,
                  directory.string() + ": a server uses the workspace, and has texts of it in its memory",
                  "stop the server, run the command, and start the server again; with --dry-run it may run");
    }
    opened->lock_ = TRY(std::move(lock));
    TRY(opened->RemoveLeftovers());
  }
  opened->data_ = TRY(AllDataVersions(root / "data"));
  TRY(opened->FindModels());
  opened->receipt_["path"] = directory.string();
  return opened;
}

/// What killed processes have left has texts, too, and no owner.
Result<void> ForgettingWorkspace::RemoveLeftovers() {
  for (const char* const place : {"reviews", "trash/reviews"}) TRY(RemoveUnfinishedReviews(directory_ / place));
  for (const char* const place : {"models", "trash/models"}) {
    for (const fs::path& path : TRY(EntriesOf(directory_ / place))) {
      const std::string name = path.filename().string();
      const size_t end = name.rfind(kWriterMark);
      if (!name.starts_with('.') || end == std::string::npos || end < 2) continue;
      TRY(OutputLock::Take(path.parent_path() / name.substr(1, end - 1)));  // and release it
    }
  }
  return {};
}

Result<void> ForgettingWorkspace::FindModels() {
  std::vector<fs::path> places = {directory_ / "models", directory_ / "trash" / "models"};
  // Retraining keeps the champion and the challenger of each model of the registry.
  for (const fs::path& path : TRY(EntriesOf(directory_ / "retrain"))) places.push_back(path);
  for (const fs::path& place : places) {
    for (const fs::path& path : TRY(EntriesOf(place))) {
      // The files of a damaged model are searched like all others.
      if (!IsHidden(path) && ReadManifest(path)) models_.push_back(path);
    }
  }
  return {};
}

void ForgettingWorkspace::NoteData(const DataVersion& version, bool was_read, bool has_longer_text) {
  if (was_read && (has_longer_text || dry_run_)) lists_.insert(version.path);
}

Result<void> ForgettingWorkspace::Forget(const ForgetSubject& subject) {
  const TextFinder finder(subject.texts);
  receipt_["uploads_removed"] = TRY(RemoveUnfinishedData(directory_ / "data", dry_run_));
  TRY(ForgetInReviews(subject));
  TRY(ForgetInMustPass());
  TRY(ForgetInRecords(subject, finder));
  return ForgetInFormerRules(finder);
}

Result<void> ForgettingWorkspace::ForgetInReviews(const ForgetSubject& subject) {
  Json list = Json::array();
  for (const char* const place : {"reviews", "trash/reviews"}) {
    for (const fs::path& review : TRY(EntriesOf(directory_ / place))) {
      std::error_code ignored;
      if (IsHidden(review) || !fs::exists(review / kReviewFile, ignored)) continue;
      const Result<ItemRemoval> removal = RemoveItems(
          review, dry_run_, [this](std::string_view text) { return Goes(text); }, subject.users);
      if (!removal) {
        problems_.push_back(
            fmt::format("{}: the review cannot be treated: {}", NameOf(review), removal.error().message));
        continue;
      }
      lists_.insert(review / kPoolFile);
      list.push_back({{"path", NameOf(review)},
                      {"texts", removal->texts},
                      {"removed", removal->removed},
                      {"decisions_removed", removal->decisions}});
    }
  }
  receipt_["reviews"] = std::move(list);
  return {};
}

Result<void> ForgettingWorkspace::ForgetInMustPass() {
  const fs::path file = directory_ / "rules" / "must_pass.jsonl";
  size_t messages = 0, removed = 0;
  std::error_code error;
  if (fs::exists(file, error)) {
    const std::string contents = TRY(ReadFile(file));
    const auto goes = [this](const FilterMessage& message) {
      return Goes(message.text) || Goes(message.body) || Goes(TextForModel(message, nullptr).joined());
    };
    const std::string kept = KeptMessages(contents, goes, messages, removed);
    lists_.insert(file);
    if (!dry_run_) RemoveReplacement(file);
    if (!dry_run_ && removed > 0 && kept.find_first_not_of(" \t\r\n") != std::string::npos) {
      TRY(ReplaceFile(file, kept));
    } else if (!dry_run_ && removed > 0) {
      fs::remove(file, error);  // a list without a message is no list
      if (error) return std::unexpected(PathError(file, error));
    }
  }
  receipt_["must_pass"] = {{"messages", messages}, {"removed", removed}};
  return {};
}

/// Jobs, benchmarks and reports quote texts, and name those who started them.
Result<void> ForgettingWorkspace::ForgetInRecords(const ForgetSubject& subject, const TextFinder& finder) {
  ForgottenTexts texts = texts_.texts;
  texts.Add(texts_.of_users);
  const std::vector<std::string> of_keys = {"owner", "by"};
  const Quoted quoted{.finder = finder, .texts = texts, .names = subject.users, .of_keys = of_keys};
  std::vector<fs::path> files = {directory_ / "switches.jsonl"};
  for (const char* const place : {"jobs", "benchmarks", "reports"}) {
    for (fs::path& file : TRY(FilesBelow(directory_ / place))) {
      const std::string ending = file.extension().string();
      if (ending == ".json" || ending == ".jsonl" || file.filename() == "output") files.push_back(std::move(file));
    }
  }
  Json list = Json::array();
  for (const fs::path& file : files) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) continue;
    const std::string contents = TRY(ReadFile(file));
    size_t replaced = 0;
    const std::string changed = WithoutQuotations(contents, quoted, replaced);
    records_.insert(file);
    if (!dry_run_) RemoveReplacement(file);
    if (replaced == 0) continue;
    if (!dry_run_) TRY(ReplaceFile(file, changed));
    list.push_back({{"path", NameOf(file)}, {"replaced", replaced}});
  }
  receipt_["quotations"] = std::move(list);
  return {};
}

/// A rule that quotes a text can be removed by the API, but not the versions before that, which only undo reaches.
Result<void> ForgettingWorkspace::ForgetInFormerRules(const TextFinder& finder) {
  Json list = Json::array();
  for (const fs::path& file : TRY(EntriesOf(directory_ / "rules" / "versions"))) {
    std::error_code error;
    if (!fs::is_regular_file(file, error) || !TRY(finder.InFile(file))) continue;
    if (!dry_run_) fs::remove(file, error);
    if (error) return std::unexpected(PathError(file, error));
    records_.insert(file);
    list.push_back(NameOf(file));
  }
  receipt_["rule_versions_removed"] = std::move(list);
  return {};
}

Result<void> ForgettingWorkspace::Search(const ForgetSubject& subject, const std::vector<fs::path>& others) {
  const TextFinder finder(subject.texts);
  std::vector<std::string> left, longer;
  for (const fs::path& file : TRY(FilesBelow(directory_))) {
    const auto below = [&](const fs::path& directory) { return IsBelow(file, directory); };
    if (std::ranges::any_of(models_, below) || std::ranges::any_of(others, below)) continue;
    const bool treated = records_.contains(file) || lists_.contains(file) || below(directory_ / "data" / ".uploads");
    if (dry_run_ && treated) continue;
    if (!TRY(finder.InFile(file))) continue;
    (lists_.contains(file) ? longer : left).push_back(NameOf(file));
  }
  if (!longer.empty()) {
    notes_.push_back(
        fmt::format("longer texts that contain a text are other texts and stay: in {}", fmt::join(longer, ", ")));
  }
  if (!left.empty()) {
    problems_.push_back(
        fmt::format("a text is also in {}, which Winnow does not change: remove what quotes it yourself, rules by the "
                    "API of the server, or remove the files",
                    fmt::join(left, ", ")));
  }
  receipt_["longer_texts"] = longer;
  receipt_["other_files"] = left;
  return {};
}

}  // namespace winnow
