#include "cli/documents.h"

namespace winnow {

Result<void> CheckDocumentOptions(const CommonOptions& options, ParseOutcome outcome) {
  if (outcome != ParseOutcome::kRun) {
    return Fail(ErrorCode::kInvalidArgument, "--help is available on the command line only",
                "docs/cli.md lists all options");
  }
  if (options.verify && !options.public_key) return {};
  return Fail(ErrorCode::kUnsupported,
              options.verify ? "--public-key is available on the command line only"
                             : "--no-verify is available on the command line only",
              "omit the option; digests are checked, and 'winnow verify' checks signatures");
}

}  // namespace winnow
