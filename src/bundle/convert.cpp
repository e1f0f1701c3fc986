#include "bundle/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "base/ascii.h"
#include "base/files.h"
#include "base/json.h"
#include "bundle/pytorch_file.h"
#include "bundle/safetensors.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = ".index.json";
constexpr size_t kMaxFiles = 1000;

/// "model-00001-of-00002.safetensors": a name that leads nowhere else.
bool IsPlainName(std::string_view name, std::string_view ending) {
  return name.size() <= 200 && name.ends_with(ending) && !name.starts_with('.') &&
         std::ranges::all_of(name, [](char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

template <typename Has>
std::optional<std::string> FirstEntry(Has has) {
  if (has(kWeightsFile)) return std::string(kWeightsFile);
  for (const std::string_view entry : kWeightsEntries) {
    if (has(entry)) return std::string(entry);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> WeightsEntry(std::span<const std::string> files) {
  return FirstEntry([&](std::string_view name) { return std::ranges::find(files, name) != files.end(); });
}

std::optional<std::string> WeightsEntry(const fs::path& directory) {
  return FirstEntry([&](std::string_view name) {
    std::error_code ignored;
    return fs::is_regular_file(directory / name, ignored);
  });
}

Result<std::vector<std::string>> WeightsFiles(const fs::path& directory, const std::string& entry) {
  if (!entry.ends_with(kIndex)) return std::vector<std::string>{entry};
  const std::string where = (directory / entry).string();
  const Json json = TRY(ParseJson(TRY(ReadFile(directory / entry)), where, ErrorCode::kInvalidModel));
  const auto bad = [&](const std::string& why) { return Fail(ErrorCode::kInvalidModel, where + ": " + why); };
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    return bad("has no 'weight_map', which names the file of each tensor");
  const std::string ending = entry.starts_with("pytorch") ? ".bin" : ".safetensors";
  std::set<std::string> files;
  for (const auto& [tensor, file] : std::as_const(json)["weight_map"].items()) {
    if (!file.is_string() || !IsPlainName(file.str(), ending))
      return bad("every value of 'weight_map' must be the name of a " + ending + " file in the same directory");
    files.insert(file.get<std::string>());
  }
  if (files.empty() || files.size() > kMaxFiles)
    return bad(fmt::format("'weight_map' names {} weight files, expected 1 to {}", files.size(), kMaxFiles));
  return std::vector<std::string>(files.begin(), files.end());
}

Result<void> ConvertWeights(std::span<const fs::path> files, const fs::path& target) {
  std::deque<SafetensorsFile> safetensors;  // and below: the views' owners stay where they are
  std::deque<PyTorchFile> pytorch;
  std::vector<TensorView> tensors;
  std::set<std::string> names;
  for (const fs::path& path : files) {
    std::span<const TensorView> held;
    if (path.extension() == ".safetensors") {
      held = safetensors.emplace_back(TRY(SafetensorsFile::Open(path))).tensors();
    } else {
      const PyTorchFile& file = pytorch.emplace_back(TRY(PyTorchFile::Open(path)));
      TRY(file.CheckSums());
      held = file.tensors();
    }
    for (const TensorView& tensor : held) {
      if (!names.insert(tensor.name).second)
        return Fail(ErrorCode::kInvalidModel, fmt::format("{}: tensor '{}' is also in another weight file of the model",
                                                          path.string(), tensor.name));
      tensors.push_back(tensor);
    }
  }
  TRY(WriteSafetensors(target, tensors));
  Result<void> whole;
  for (const SafetensorsFile& file : safetensors) whole = whole ? file.CheckFile() : whole;
  for (const PyTorchFile& file : pytorch) whole = whole ? file.CheckFile() : whole;
  std::error_code ignored;
  if (!whole) fs::remove(target, ignored);
  return whole;
}

}  // namespace winnow
