#include <fmt/format.h>

#include "base/json.h"
#include "base/machine.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "kernels/isa.h"

namespace winnow {
namespace {

struct VersionOptions : CommonOptions {};

void Describe(VersionOptions&, OptionTable& table) {
  table.Describe(
      "With --json, also the compiler, the instruction set that kernels use on this CPU, and all that they could use.");
}

Result<void> Run(const VersionOptions& options) {
  if (!options.json) return Print("winnow " WINNOW_VERSION "\n");
  Json supported = Json::array();
  for (const Isa isa : SupportedIsas()) supported.push_back(NameOf(isa));
  return Print(Json{{"version", WINNOW_VERSION},
                    {"compiler", __VERSION__},
                    {"cpu", CpuName()},
                    {"isa", NameOf(ActiveIsa())},
                    {"supported_isas", supported}}
                   .dump() +
               "\n");
}

}  // namespace

Command VersionCommand() { return MakeCommand<VersionOptions>("version", "Prints Winnow's version.", Describe, Run); }

}  // namespace winnow
