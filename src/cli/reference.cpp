#include "cli/reference.h"

#include "cli/commands.h"

namespace winnow {

std::string CommandReference() {
  std::string text =
      "# Commands\n\n"
      "This page is made by `winnow help --markdown`; a test keeps it up to date.\n\n"
      "An option's value comes from the command line, else the variable WINNOW_OPTION_NAME, else `--config FILE` "
      "(TOML, one\n"
      "`name = value` a line), else `--preset NAME` where a command has that, else the default. Hyphen and underscore "
      "are the\n"
      "same in option names. Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 "
      "failed,\n"
      "2 wrong usage.\n";
  for (const Command& command : AllCommands()) text += "\n" + command.begin()->table().Markdown();
  return text;
}

}  // namespace winnow
