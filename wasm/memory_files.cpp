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

/// The name of a file below kMemoryBundle, or of a file beside it.
std::string NameOf(const std::filesystem::path& path) {
  const std::string& name = path.native();
  constexpr size_t kDirectory = sizeof kMemoryBundle;  // with the slash
  return name.starts_with(kMemoryBundle) && name[kDirectory - 1] == '/' ? name.substr(kDirectory) : name;
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
  const auto found = Files().find(NameOf(path));
  if (found == Files().end()) return Missing(NameOf(path));
  return std::string(reinterpret_cast<const char*>(found->second.bytes.get()), found->second.size);
}

/// Takes the bytes out of the files, and owns them.
Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  const auto found = Files().find(NameOf(path));
  if (found == Files().end()) return Missing(NameOf(path));
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

/// The words of an encoder stay in its file, and a part of memory can't be given back.
void MappedFile::ReleaseMemory() const {}

MappedFile::~MappedFile() { std::free(const_cast<std::byte*>(data_)); }

Result<void> CheckMapped(const void*) { return {}; }

bool HasMemoryFile(const std::filesystem::path& path) { return Files().contains(NameOf(path)); }

}  // namespace winnow

bool std::filesystem::exists(const path& path) { return winnow::HasMemoryFile(path); }
