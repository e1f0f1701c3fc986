#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"

namespace winnow {
namespace {

struct VersionOptions : CommonOptions {};

void Describe(VersionOptions&, OptionTable&) {}

Result<void> Run(const VersionOptions& options) {
  return Print(options.json ? "{\"version\":\"" WINNOW_VERSION "\"}\n" : "winnow " WINNOW_VERSION "\n");
}

}  // namespace

Command VersionCommand() { return MakeCommand<VersionOptions>("version", "Prints Winnow's version.", Describe, Run); }

}  // namespace winnow
