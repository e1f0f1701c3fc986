// Requests for the data files of a workspace, in any order: pieces of uploads, deletion, restoration, undo, with any
// names. A file has the contents that its pieces had, and nothing is written outside of the directory.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "base/files.h"
#include "input_bytes.h"
#include "input_files.h"
#include "workspace/data_files.h"
#include "workspace/file_name.h"

namespace {

std::string Name(winnow::InputBytes& input) {
  constexpr const char* kNames[] = {"a.csv", "b.tsv", "a b.jsonl", "../x", ".former", "a/b", "c.csv", ""};
  return input.Below(8) == 7 ? std::string(input.Text(110)) : input.OneOf(kNames);
}

void CheckName(const std::string& name) {
  if (winnow::CheckDataFileName(name) && (name.empty() || name.front() == '.' || name.size() > 100 ||
                                          name.find_first_of(std::string("/\0\n", 3)) != std::string::npos))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const winnow::MemoryDirectory kDirectory;
  kDirectory.Clear();
  const std::filesystem::path inside = kDirectory.path() / "data";
  auto files = winnow::DataFiles::Open({.directory = inside, .max_bytes = 100'000, .changed = {}});
  if (!files) std::abort();
  winnow::InputBytes input(data, size);
  std::map<std::pair<std::string, std::string>, std::string> uploads;  // upload and name -> what was received
  std::map<std::string, std::string> contents;
  for (int steps = 0; steps < 12 && !input.empty(); ++steps) {
    const std::string name = Name(input);
    CheckName(name);
    switch (input.Below(8)) {
      case 0:
        if ((*files)->Delete(name, "")) contents.erase(name);
        break;
      case 1:
        if ((*files)->Restore(name)) contents[name] = winnow::ReadFile(inside / name).value();
        break;
      case 2:
        if ((*files)->Undo(name, "")) contents[name] = winnow::ReadFile(inside / name).value();
        break;
      case 3: {
        const std::string version(input.Text(16));
        const auto file = (*files)->Find(name);
        if (!(*files)->Delete(name, version)) break;
        if (!file || (!version.empty() && version != file->version)) std::abort();
        contents.erase(name);
        break;
      }
      case 4:
        static_cast<void>(winnow::FindInDirectory(inside, name, "file"));
        break;
      default: {
        winnow::UploadPiece piece;
        piece.name = name;
        piece.upload = input.Flag() ? "one" : "two";
        piece.replace = input.Flag();
        piece.last = input.Below(3) == 0;
        std::string& received = uploads[{piece.upload, name}];
        piece.offset = input.Below(4) == 3 ? input.Below(40) : received.size();
        piece.bytes = input.Text(20);
        const auto progress = (*files)->Store(piece);
        if (!progress || progress->state == winnow::UploadProgress::State::kWrongOffset ||
            progress->state == winnow::UploadProgress::State::kNoRoom) {
          break;
        }
        if (piece.offset == 0) received.clear();
        if (piece.offset != received.size()) std::abort();
        received += piece.bytes;
        if (progress->bytes != received.size()) std::abort();
        if (progress->state == winnow::UploadProgress::State::kComplete) contents[name] = std::exchange(received, {});
      }
    }
  }
  for (const auto& [name, text] : contents) {
    if (winnow::ReadFile(inside / name) != text) std::abort();
  }
  const auto list = (*files)->List();
  if (!list || list->files.size() != contents.size()) std::abort();
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory.path())) {
    if (entry.path() != inside) std::abort();
  }
  return 0;
}
