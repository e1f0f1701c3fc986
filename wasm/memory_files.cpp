#include "memory_files.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/mapped_memory.h"

namespace winnow {
namespace {

struct Free {
  void operator()(std::byte* bytes) const { std::free(bytes); }
};
struct MemoryFile {
  std::unique_ptr<std::byte, Free> bytes;
  size_t size = 0;
};

std::map<std::string, MemoryFile>& Files() {
  static std::map<std::string, MemoryFile> files;
  return files;
}

std::unexpected<Error> Missing(const std::string& name) {
  return Fail(ErrorCode::kNotFound, name + ": no such file", "add the file before the model is loaded");
}

}  // namespace

void AddMemoryFile(std::string name, std::byte* bytes, size_t size) {
  Files()[std::move(name)] = {std::unique_ptr<std::byte, Free>(bytes), size};
}

void RemoveMemoryFiles() { Files().clear(); }

Result<std::string> ReadFile(const std::filesystem::path& path) {
  const auto found = Files().find(path.string());
  if (found == Files().end()) return Missing(path.string());
  return std::string(reinterpret_cast<const char*>(found->second.bytes.get()), found->second.size);
}

/// Takes the bytes out of the files, and owns them.
Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  const auto found = Files().find(path.string());
  if (found == Files().end()) return Missing(path.string());
  MappedFile file;
  file.size_ = found->second.size;
  file.data_ = found->second.bytes.release();
  Files().erase(found);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() { std::free(const_cast<std::byte*>(data_)); }

Result<void> CheckMapped(const void*) { return {}; }

bool HasMemoryFile(const std::string& name) { return Files().contains(name); }

}  // namespace winnow

bool std::filesystem::exists(const path& path) { return winnow::HasMemoryFile(path.string()); }
