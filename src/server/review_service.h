/// Reviews of a server's workspace: sets of texts that people label while a model learns (src/review).
///
/// WORKSPACE/reviews/SET has the files of a set, WORKSPACE/trash/reviews those of sets that were deleted. Sets are
/// opened when somebody asks for them.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "data/dataset.h"
#include "review/review_set.h"
#include "server/api_error.h"
#include "server/client_tasks.h"

namespace winnow {

class FilterService;

/// What POST /v1/review asks for.
struct NewReview {
  ReviewSettings settings;
  std::optional<std::vector<std::string>> labels = {};  ///< nothing: those of the data
  ReadOptions reading = {};
};

/// Thread-safe.
class ReviewService {
 public:
  using Changed = std::function<void(const std::string& set, size_t labelled)>;

  /// Opens the reviews of a workspace. `contradictions` returns the texts that users have judged differently, by
  /// DuplicateKey; may be empty. Errors: kIo.
  static Result<std::shared_ptr<ReviewService>> Open(const std::filesystem::path& workspace,
                                                     std::function<std::vector<std::string>()> contradictions);

  /// Sets what is called, by any thread, after labels of a set have changed.
  void SetChanged(Changed changed);

  /// Returns the sets, by name; one that cannot be read is reported in the log and left out.
  std::vector<std::shared_ptr<ReviewSet>> List();
  /// Returns a set, which is being prepared or ready. Errors: 404; 503 if its files cannot be read.
  ApiResult<std::shared_ptr<ReviewSet>> Find(const std::string& name);
  /// Creates a set and begins to prepare it. Errors: 404 for files and models that the workspace does not have; 409 for
  /// a name that is taken; 422.
  ApiResult<std::shared_ptr<ReviewSet>> Create(NewReview review);
  /// Moves a set to the trash. Errors: 404; 503.
  ApiResult<void> Delete(const std::string& name);
  /// Moves a set back from the trash. Errors: 404; 409 if there is one of this name.
  ApiResult<void> Restore(const std::string& name);
  /// Writes the labelled texts of a set to WORKSPACE/data/NAME.tsv. Returns their number. Errors: 409 if the file
  /// exists, unless `replace`; 422 if there are no labels, or for the name.
  ApiResult<size_t> Export(ReviewSet& set, const std::string& name, bool with_given, bool replace);

  /// Threads for requests, which wait for files.
  ClientTasks& tasks() { return tasks_; }
  /// Ends all work. Must not be called by tasks.
  void Close();

 private:
  explicit ReviewService(const std::filesystem::path& workspace)
      : workspace_(workspace), directory_(workspace / "reviews"), trash_(workspace / "trash" / "reviews") {}
  Result<std::shared_ptr<ReviewSet>> OpenSet(const std::string& name) REQUIRES(mutex_);
  ApiResult<std::filesystem::path> ModelOf(const std::string& name) const;
  ApiResult<void> ResolveEncoder(ReviewSettings& settings) const;
  std::filesystem::path FindNli() const;

  const std::filesystem::path workspace_, directory_, trash_;
  std::function<std::vector<std::string>()> contradictions_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<ReviewSet>> sets_ GUARDED_BY(mutex_);
  Mutex changed_mutex_;
  Changed changed_ GUARDED_BY(changed_mutex_);
  ClientTasks tasks_{/*threads=*/2, /*most_waiting=*/256};
};

/// Checks names of labels: 1 to 256 bytes without control characters, none twice. Errors: 422.
ApiResult<void> CheckReviewLabels(const std::vector<std::string>& labels);

/// Returns the texts of feedback, by DuplicateKey, about which users disagree by their last words.
std::vector<std::string> ContradictedTexts(const FilterService& filter);

}  // namespace winnow
