#include "workspace/former_versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/parse_number.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostFormer = 10;

/// Returns the numbers of the versions, the oldest first.
std::vector<unsigned> Numbers(const fs::path& directory) {
  std::vector<unsigned> numbers;
  std::error_code error;
  for (fs::directory_iterator each(directory, error); !error && each != fs::directory_iterator();
       each.increment(error)) {
    if (const auto number = ParseNumber<unsigned>(each->path().filename().string())) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

std::optional<fs::path> NewestFormer(const fs::path& directory, const fs::path& file) {
  const std::vector<unsigned> numbers = Numbers(directory);
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    fs::path path = directory / std::to_string(*number);
    std::error_code error;
    if (!fs::equivalent(path, file, error) && !error) return path;
  }
  return std::nullopt;
}

Result<void> KeepFormer(const fs::path& directory, const fs::path& file, const std::string& name) {
  std::error_code error;
  fs::create_directories(directory, error);
  std::vector<unsigned> numbers = Numbers(directory);
  const unsigned next = numbers.empty() ? 1 : numbers.back() + 1;
  if (!error) fs::create_hard_link(file, directory / std::to_string(next), error);
  if (error)
    return Fail(ErrorCode::kIo, fmt::format("{}: the former version cannot be kept: {}", name, error.message()));
  numbers.push_back(next);
  for (size_t i = 0; i + kMostFormer < numbers.size(); ++i) {
    std::error_code ignored;  // it is tried again with the next change
    fs::remove(directory / std::to_string(numbers[i]), ignored);
  }
  return {};
}

}  // namespace winnow
