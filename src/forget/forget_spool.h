/// Forgetting in a spool, which a server may use meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "forget/forget_subject.h"
#include "store/tombstones.h"

namespace winnow {

struct SpoolRemoval {
  int64_t removed = 0;
  int64_t left = 0;  ///< records that the server that uses the spool has not removed
};

/// Removes the records about what is to be forgotten, and those that the tombstones cover (null: there is no store). A
/// spool that a server uses is rewritten by the server, as soon as it has read the tombstones; this is waited for. With
/// `dry_run` it only counts. Errors: kExists if a server uses the spool and there is no store; kIo.
Result<SpoolRemoval> ForgetInSpool(const std::filesystem::path& spool, const ForgetSubject& subject,
                                   const Tombstones* tombstones, bool dry_run);

}  // namespace winnow
