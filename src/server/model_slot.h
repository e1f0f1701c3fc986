/// The place of one bundle in a ModelSet. Only for the set's own files.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "server/model_set.h"

namespace winnow {

/// One bundle of a set. Members that only the set's thread writes are read by that thread without the lock.
struct ModelSet::Slot {
  struct Waiting {
    std::string spec;
    Then then;
  };

  explicit Slot(BundlePlace of) : place(std::move(of)) {}

  const BundlePlace place;
  /// Last component of the path; for "." the name of the directory itself.
  std::string directory;

  // Guarded by the set's mutex, which an annotation cannot say of another object's. The first three are written only on
  // the set's thread, which reads them without the mutex.
  BundleSummary summary;       // of the loaded model, else what was read last
  std::optional<Error> error;  // of the last attempt to load or to read it
  std::vector<FileStamp> failed_files;
  std::chrono::steady_clock::time_point failed_at;
  Model model;
  bool loading = false;   // those in `waiting` will be answered
  bool unloaded = false;  // on request
  bool vanished = false;  // from the directory where it was found
  uint64_t used = 0;      // the set's count of uses then
  std::optional<std::chrono::system_clock::time_point> last_used;
  std::vector<Waiting> waiting;
};

struct ModelSet::Loaded {
  BundleSummary summary;
  std::unique_ptr<const ServedModel> model;
};

/// Returns the first line of an error without the path of the bundle, since clients may see it.
std::string PublicMessage(const Error& error, const std::filesystem::path& bundle);

}  // namespace winnow
