#include "workspace/disk_room.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <vector>

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kLeftFree = uint64_t{64} << 20;

/// Returns what may go: entries of the trash and former versions, each kind with the oldest first.
std::vector<fs::path> Removable(const fs::path& directory) {
  std::vector<fs::path> removable;
  for (const char* const kind : {".trash", ".former"}) {
    std::vector<std::pair<fs::file_time_type, fs::path>> found;
    std::error_code error;
    const auto take = [&](const fs::path& below) {
      std::error_code ignored;
      for (fs::directory_iterator each(below, ignored); !ignored && each != fs::directory_iterator();
           each.increment(ignored)) {
        std::error_code gone;
        found.emplace_back(each->last_write_time(gone), each->path());
      }
    };
    take(directory / kind);
    if (std::string_view(kind) == ".former") {
      const auto of_files = std::exchange(found, {});
      for (const auto& [time, path] : of_files) take(path);
    }
    std::ranges::sort(found);
    for (auto& [time, path] : found) removable.push_back(std::move(path));
  }
  return removable;
}

}  // namespace

uint64_t BytesBelow(const fs::path& directory) {
  uint64_t bytes = 0;
  std::set<ino_t> seen;
  std::error_code error;
  for (fs::recursive_directory_iterator each(directory, error); !error && each != fs::recursive_directory_iterator();
       each.increment(error)) {
    struct stat status {};
    if (::lstat(each->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (status.st_nlink > 1 && !seen.insert(status.st_ino).second) continue;
    bytes += static_cast<uint64_t>(status.st_size);
  }
  return bytes;
}

Result<std::string> RoomFor(const fs::path& directory, uint64_t bytes, uint64_t most) {
  const auto problem = [&]() -> Result<std::string> {
    std::error_code error;
    const fs::space_info space = fs::space(directory, error);
    if (error) return Fail(ErrorCode::kIo, "the free space of the disk is unknown: " + error.message());
    if (space.available < bytes + kLeftFree) return std::string("the disk of the workspace is full");
    if (BytesBelow(directory) + bytes > most) {
      return fmt::format("the data files of the workspace may take {} MB in all (--max-data-mb); delete some first",
                         most / 1'000'000);
    }
    return std::string();
  };
  std::string now = TRY(problem());
  const uint64_t removable = BytesBelow(directory / ".trash") + BytesBelow(directory / ".former");
  if (now.empty() || BytesBelow(directory) + bytes > most + removable) return now;
  for (const fs::path& path : Removable(directory)) {
    std::error_code ignored;  // what stays is found again below
    fs::remove_all(path, ignored);
    now = TRY(problem());
    if (now.empty()) break;
  }
  return now;
}

}  // namespace winnow
