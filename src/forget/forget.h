/// Forgetting: removal of texts, of messages and of everything that a user has contributed, from all places that Winnow
/// keeps them in, and a receipt of it.
///
/// A killed process leaves each file as it was or as it is to be, and the store likewise; the same call again completes
/// the work. The store comes last, because what a user has said, and so which texts of bundles are the user's, is known
/// from it alone.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

struct ForgetPlan {
  std::vector<std::string> texts = {}, message_ids = {}, users = {};
  std::string store = {};            ///< URL; empty: none
  std::filesystem::path spool = {};  ///< directory of a spool; empty: none
  std::vector<std::filesystem::path> data = {};
  std::vector<std::filesystem::path> bundles = {};
  std::filesystem::path workspace = {};  ///< workspace of a server that does not run; empty: none
  ReadOptions reading = {};              ///< how the data files are read
  std::string user_field = {};           ///< field of the data files that names the user of a row; empty: none
  bool dry_run = false;
};

struct ForgetResult {
  Json receipt;                    ///< see docs/forget.md
  std::vector<std::string> notes;  ///< sentences for the user
  bool complete = true;            ///< false if something remains to be done, which the notes say
};

/// Removes what the plan names; with dry_run it only counts. The receipt contains neither texts nor names. Errors:
/// kInvalidArgument for a plan without effect; kExists while a server uses the workspace; those of the store, of
/// reading data files and of bundles.
Result<ForgetResult> Forget(const ForgetPlan& plan);

}  // namespace winnow
