/// Inputs as files, for readers that take a path. Nothing is written to a disk.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace winnow {

/// A file in memory.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(file_)) {
    if (file_ < 0) std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(file_); }

  const std::string& path() const { return path_; }
  void Set(std::string_view contents) const {
    if (::ftruncate(file_, 0) != 0) std::abort();
    if (::pwrite(file_, contents.data(), contents.size(), 0) != static_cast<ssize_t>(contents.size())) std::abort();
  }
  std::string Get() const {
    struct stat status {};
    if (::fstat(file_, &status) != 0) std::abort();
    std::string contents(static_cast<size_t>(status.st_size), '\0');
    if (::pread(file_, contents.data(), contents.size(), 0) != static_cast<ssize_t>(contents.size())) std::abort();
    return contents;
  }

 private:
  int file_;
  std::string path_;
};

/// A directory in memory (/dev/shm where there is one), removed at the end.
class MemoryDirectory {
 public:
  MemoryDirectory() {
    const bool shm = ::access("/dev/shm", W_OK) == 0;
    std::string name =
        ((shm ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "winnow-fuzz-XXXXXX")
            .string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  MemoryDirectory(const MemoryDirectory&) = delete;
  MemoryDirectory& operator=(const MemoryDirectory&) = delete;
  ~MemoryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  void Clear() const {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) std::filesystem::remove_all(entry.path());
  }
  void Write(const std::filesystem::path& name, std::string_view contents) const {
    if (name.has_parent_path()) std::filesystem::create_directories(path_ / name.parent_path());
    std::ofstream file(path_ / name, std::ios::binary);
    if (!file.write(contents.data(), static_cast<std::streamsize>(contents.size()))) std::abort();
  }

 private:
  std::filesystem::path path_;
};

/// Divides an input into files: lines "=== NAME" begin one. Calls `take` with the name and the contents of each.
template <typename Take>
void ForEachInputFile(std::string_view input, const Take& take) {
  constexpr std::string_view kMark = "=== ";
  while (input.starts_with(kMark)) {
    const size_t line = std::min(input.find('\n'), input.size());
    const std::string_view name = input.substr(kMark.size(), line - kMark.size());
    input.remove_prefix(std::min(line + 1, input.size()));
    const size_t next = input.find("\n=== ");
    take(name, input.substr(0, next));
    if (next == std::string_view::npos) return;
    input.remove_prefix(next + 1);
  }
}

}  // namespace winnow
