// Any bytes as a .tar or .tar.gz file, and as the members of one, whose headers get the checksum that they need.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "../tests/support/tar_writer.h"
#include "data/tar_reader.h"
#include "input_bytes.h"
#include "input_files.h"

namespace {

void Read(std::string_view bytes) {
  static const winnow::MemoryFile kFile;
  kFile.Set(bytes);
  auto reader = winnow::TarReader::Open(kFile.path());
  if (!reader) return;
  for (bool read = true;; read = !read) {
    const auto next = reader->Next();
    if (!next || !*next) return;
    if (!read) continue;
    const auto contents = reader->Read(1 << 16);
    if (contents && contents->size() != reader->size()) std::abort();
  }
}

/// Writes a field of a member's header, and the checksum that then belongs to it.
void SetField(std::string& member, size_t at, std::string_view value) {
  member.replace(at, value.size(), value);
  member.replace(148, 8, "        ");
  size_t sum = 0;
  for (const char c : std::string_view(member).substr(0, 512)) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06zo", sum & 0777777);
  member.replace(148, 7, std::string_view(text, 7));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read({reinterpret_cast<const char*>(data), size});
  winnow::InputBytes input(data, size);
  std::string tar;
  while (!input.empty()) {
    const char type = "00000LKx5g27\0S"[input.Below(14)];
    const std::string_view name = input.Text(120);
    std::string member = winnow::TarMember(name, input.Text(), type);
    constexpr size_t kFields[] = {0, 124, 124, 156, 257, 345};
    if (input.Below(4) == 3) SetField(member, input.OneOf(kFields), input.Text(12));
    tar += member;
  }
  if (size % 3 != 0) tar.append(1024, '\0');
  Read(tar);
  return 0;
}
