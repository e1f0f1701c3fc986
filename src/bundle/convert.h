/// Conversion of weight files in other formats to one model.safetensors: pytorch_model.bin, and weights in several
/// files of either format (an index names the file of each tensor).
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
/// Names of the files that identify weights in another format, by decreasing precedence.
inline constexpr std::array<std::string_view, 3> kWeightsEntries = {"model.safetensors.index.json", "pytorch_model.bin",
                                                                    "pytorch_model.bin.index.json"};

/// Returns the name of the file that identifies the weights among the files of a repository or directory: kWeightsFile,
/// otherwise one of kWeightsEntries. Nothing if there is no such file.
std::optional<std::string> WeightsEntry(std::span<const std::string> files);
std::optional<std::string> WeightsEntry(const std::filesystem::path& directory);

/// Returns the names of the files that contain the weights: `entry` itself or, if `entry` is an index, the files that
/// the index in `directory` lists. The names contain no path. Errors: kInvalidModel, kIo.
Result<std::vector<std::string>> WeightsFiles(const std::filesystem::path& directory, const std::string& entry);

/// Writes all tensors of `files` into `target` as safetensors, atomically. The files are mapped, so that no weights are
/// held in memory except those of a .bin that are not stored row by row; checksums in the files are verified. Equal
/// files give equal bytes. Errors: SafetensorsFile's, PyTorchFile's; kInvalidModel if two files contain the same
/// tensor; kIo.
Result<void> ConvertWeights(std::span<const std::filesystem::path> files, const std::filesystem::path& target);

}  // namespace winnow
