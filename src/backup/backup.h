/// Backups of what a server keeps: its store, its registry, its workspace, a directory of models, and files such as
/// rules and keys.
///
/// A backup is a directory that is complete or absent:
///
///     backup.json                 what is in it, with the digest of each file
///     store/NAME                  the SQLite file of the store
///     registry/...                a registry in a directory: its records and its artifacts
///     workspace/...               data files, models, jobs, reviews
///     models/...                  a directory of bundles
///     files/NAME                  single files
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

struct BackupPlan {
  std::optional<std::string> store = {};     ///< URL or file of a store in SQLite
  std::optional<std::string> registry = {};  ///< directory of a registry
  std::optional<std::filesystem::path> workspace = {};
  std::optional<std::filesystem::path> models = {};  ///< directory of bundles
  std::vector<std::filesystem::path> files = {};
  std::filesystem::path output = {};                       ///< directory to write, which must not exist
  std::function<bool()> keep_going = [] { return true; };  ///< polled; returning false ends the backup
};

struct BackupPart {
  std::string kind;  ///< "store", "registry", "workspace", "models" or "files"
  std::string from;  ///< where it was
  size_t files = 0;
  uint64_t bytes = 0;
};

struct BackupReport {
  std::string created;  ///< time in UTC
  std::vector<BackupPart> parts;
};

Json BackupReportJson(const BackupReport& report);

/// Writes a backup while servers may be running. Errors: kInvalidArgument for a plan without a part; kUnsupported for a
/// store in PostgreSQL, or artifacts in S3, which have backups of their own; kExists; kNotFound; kIo; kInvalidData for
/// a damaged database.
Result<BackupReport> BackUp(const BackupPlan& plan);

/// Where the parts of a backup go. A part without a place is not restored.
struct RestorePlan {
  std::filesystem::path backup = {};         ///< or a SQLite file: a copy of a store
  std::optional<std::string> store = {};     ///< URL or file of the SQLite store
  std::optional<std::string> registry = {};  ///< directory to write
  std::optional<std::filesystem::path> workspace = {}, models = {}, files = {};  ///< directories to write
  bool overwrite = false;  ///< whether what is there is replaced; it is kept as NAME.before-restore, with its logs
};

/// Checks the digest of every file, then writes the parts, each of which appears by one rename. No server may use the
/// places meanwhile. Errors: kInvalidData for a backup that is damaged or incomplete; kExists; kNotFound; kIo.
Result<BackupReport> Restore(const RestorePlan& plan);

/// Compares the files of a backup with their digests. Errors: kNotFound, kInvalidData.
Result<BackupReport> VerifyBackup(const std::filesystem::path& backup);

}  // namespace winnow
