/// Small data sets that the program has, for a first training.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

struct Sample {
  std::string name;
  std::string title;  ///< title for people
  std::string file;   ///< name of the data file that is made of it
  size_t texts = 0;
  std::vector<std::string> labels;

  std::string_view contents() const;
};

std::span<const Sample> Samples();

/// Returns null if there is none of that name.
const Sample* FindSample(std::string_view name);

}  // namespace winnow
