// Any bytes as a zip file, and as the names and contents of one with a little damage: for the reader of stored entries
// and, by libzip, for wheels and single entries. What is unpacked has the size and the checksum that the archive names.
#include <cstddef>
#include <cstdint>
#include <string>

#include "../tests/support/zip_writer.h"
#include "bundle/stored_zip.h"
#include "bundle/wheel.h"
#include "input_bytes.h"
#include "input_files.h"
#include "net/zip_entry.h"

namespace {

void ReadStored(std::span<const std::byte> bytes) {
  const auto entries = winnow::ReadStoredZip(bytes, "fuzz");
  if (!entries) return;
  for (const winnow::StoredEntry& entry : *entries) {
    if (!entry.data.empty() &&
        (entry.data.data() < bytes.data() || entry.data.data() + entry.data.size() > bytes.data() + bytes.size()))
      std::abort();
    static_cast<void>(winnow::CheckSum(entry, "fuzz"));
  }
}

void Unpack(std::string_view bytes, const std::string& name) {
  constexpr uint64_t kMost = 1 << 16;
  static const winnow::MemoryFile kFile;
  static const winnow::MemoryDirectory kDirectory;
  kFile.Set(bytes);
  const std::filesystem::path target = kDirectory.path() / "target";
  if (winnow::ExtractZipEntry(kFile.path(), name, target, kMost) && std::filesystem::file_size(target) > kMost)
    std::abort();
  if (const auto wheel = winnow::Wheel::Open(kFile.path())) {
    for (const std::string& file : wheel->files()) {
      if (file.find('/') != std::string::npos) std::abort();
      static_cast<void>(wheel->Extract(file, target));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ReadStored(std::as_bytes(std::span(data, size)));
  winnow::InputBytes input(data, size);
  std::vector<std::pair<std::string, std::string>> entries;
  constexpr const char* kNames[] = {"model.safetensors", "config.json", "a/config.json", "a/model.safetensors",
                                    "../vocab.txt",      "/etc/x",      "a\\b",          ""};
  for (size_t count = input.Below(5); count > 0; --count) {
    std::string name = input.Below(4) == 3 ? std::string(input.Text(20)) : input.OneOf(kNames);
    entries.emplace_back(std::move(name), input.Text());
  }
  std::string zip = winnow::ZipOf(entries);
  winnow::Damage(input, zip);
  ReadStored(winnow::BytesOf(zip));
  Unpack(zip, entries.empty() ? "config.json" : entries[0].first);
  Unpack({reinterpret_cast<const char*>(data), size}, "config.json");
  return 0;
}
