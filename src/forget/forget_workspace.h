/// Forgetting in the workspace of a server: reviews, the must-pass list, records and results of jobs, benchmarks,
/// former versions of rules; and the search for whatever else has a text. Data files and models of it are treated as
/// those that are named one by one (forget.cpp).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "forget/forget_subject.h"
#include "forget/quotations.h"
#include "jobs/job_runner.h"
#include "workspace/data_versions.h"

namespace winnow {

/// Not thread-safe.
class ForgettingWorkspace {
 public:
  /// Opens a workspace, and keeps servers out of it until the object is destroyed; what killed servers, jobs and calls
  /// have left unfinished is ended or removed. With `dry_run` a server may use it, and nothing is written. Errors:
  /// kNotFound for what is no workspace; kExists while a server uses it; kIo.
  static Result<std::unique_ptr<ForgettingWorkspace>> Open(const std::filesystem::path& directory, bool dry_run);

  const std::vector<DataVersion>& data() const { return data_; }
  const std::vector<std::filesystem::path>& models() const { return models_; }
  /// The texts that the reviews and other files must not have, which the caller fills.
  TextsOfPlace& texts() { return texts_; }

  /// Says how a data file was treated: whether its rows could be read, and whether one of those that stay has a text as
  /// a part of it.
  void NoteData(const DataVersion& version, bool was_read, bool has_longer_text);

  /// Treats all but data files, models and the store. To be called before rows are removed from data files, by which
  /// alone a second call could tell which texts went. Errors: kIo.
  Result<void> Forget(const ForgetSubject& subject);

  /// Searches the workspace for files that still contain a text, except the models, which are searched as bundles, and
  /// `others`, a store and a spool. Errors: kIo.
  Result<void> Search(const ForgetSubject& subject, const std::vector<std::filesystem::path>& others);

  Json receipt() const { return receipt_; }
  /// Sentences for the user, and those about what remains to be done.
  const std::vector<std::string>& notes() const { return notes_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  ForgettingWorkspace(std::filesystem::path directory, bool dry_run)
      : directory_(std::move(directory)), dry_run_(dry_run) {}

  Result<void> RemoveLeftovers();
  Result<void> FindModels();
  Result<void> ForgetInReviews(const ForgetSubject& subject);
  Result<void> ForgetInMustPass();
  Result<void> ForgetInRecords(const ForgetSubject& subject, const TextFinder& finder);
  Result<void> ForgetInFormerRules(const TextFinder& finder);
  bool Goes(std::string_view text) const { return texts_.texts.Contains(text) || texts_.of_users.Contains(text); }
  std::string NameOf(const std::filesystem::path& path) const {
    return path.lexically_relative(directory_).generic_string();
  }

  const std::filesystem::path directory_;
  const bool dry_run_;
  std::unique_ptr<JobRunner> lock_;  // runs no job
  std::vector<DataVersion> data_;
  std::vector<std::filesystem::path> models_;
  TextsOfPlace texts_;
  // Lists of texts that were treated text by text: what is found in them is a part of a longer text.
  std::set<std::filesystem::path> lists_;
  std::set<std::filesystem::path> records_;  // files of JSON in which quotations were replaced
  Json receipt_ = Json::object();
  std::vector<std::string> notes_, problems_;
};

}  // namespace winnow
