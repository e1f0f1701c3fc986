/// Conversion of other weight files to one model.safetensors: pytorch_model.bin, and either format in several files
/// (an index names the file of each tensor).
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

inline constexpr std::string_view kWeightsFile = "model.safetensors";
/// Files that lead to weights in another form; the first of them that is there is taken.
inline constexpr std::array<std::string_view, 3> kWeightsEntries = {"model.safetensors.index.json", "pytorch_model.bin",
                                                                    "pytorch_model.bin.index.json"};

/// The file that leads to the weights, of those that a repository or directory has: kWeightsFile, else one of
/// kWeightsEntries. Nothing where it has none.
std::optional<std::string> WeightsEntry(std::span<const std::string> files);
std::optional<std::string> WeightsEntry(const std::filesystem::path& directory);

/// The files with the weights themselves: `entry`, or those that it lists where it is an index, which is read in
/// `directory`. They are names within the directory, without any path. Errors: kInvalidModel, kIo.
Result<std::vector<std::string>> WeightsFiles(const std::filesystem::path& directory, const std::string& entry);

/// Writes all tensors of `files` into `target` as safetensors, atomically. Files are mapped and their checksums, where
/// they have some, checked: memory holds no weights, except those of a .bin that don't lie row by row. Equal files give
/// equal bytes. Errors: SafetensorsFile's, PyTorchFile's; kInvalidModel when two files hold one tensor; kIo.
Result<void> ConvertWeights(std::span<const std::filesystem::path> files, const std::filesystem::path& target);

}  // namespace winnow
