/// Manual pages in man(7)'s form, generated from the command table: winnow.1, and winnow-COMMAND.1 for each command.
#pragma once

#include <string>
#include <vector>

namespace winnow {

struct ManualPage {
  std::string name;  ///< "winnow-train": the file is NAME.1
  std::string text;
};

std::vector<ManualPage> ManualPages();

}  // namespace winnow
