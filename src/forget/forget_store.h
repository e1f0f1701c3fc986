/// Forgetting in a store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "forget/forget_subject.h"
#include "store/store.h"

namespace winnow {

/// Not thread-safe.
class ForgettingStore {
 public:
  /// Errors: those of Store::Open and of reading.
  static Result<ForgettingStore> Open(const std::string& url);

  Store& store() { return *store_; }
  const Tombstones* tombstones() const { return tombstones_.get(); }

  /// Finds what is to be removed. Errors: those of the store.
  Result<void> LookFor(const ForgetSubject& subject);

  struct Outcome {
    Json receipt;
    std::string problem;  ///< why what was deleted was not overwritten; empty: it was
  };
  /// Removes what was found, in one transaction, and overwrites it; with `dry_run` it only counts. Errors: as above.
  Result<Outcome> Forget(bool dry_run);

 private:
  struct ExportDigest {
    size_t rows = 0;
    std::string sha256;
  };
  ForgettingStore() = default;
  Result<ExportDigest> DigestOfExport();

  std::unique_ptr<Store> store_;
  std::unique_ptr<Tombstones> tombstones_;
  ForgetSelection selection_;
  ExportDigest before_;
};

}  // namespace winnow
