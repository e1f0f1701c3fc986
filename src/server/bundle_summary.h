/// Search for bundles, and their properties that can be read without loading the weights.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// The identity of a file's contents, which changes when the file is written or replaced.
struct FileStamp {
  std::string name;
  uint64_t device = 0, inode = 0, size = 0;
  int64_t seconds = 0, nanoseconds = 0;  ///< time of the last change

  bool operator==(const FileStamp&) const = default;
};

/// Returns the stamps of the regular files in `dir` itself and of onnx/model_metadata.json, in which the version of the
/// model may be edited, sorted by name, without hidden files. Errors: kNotFound;
/// kInvalidArgument for a file; kIo.
Result<std::vector<FileStamp>> StampsOf(const std::filesystem::path& dir);

struct BundleSummary {
  std::string name, version;
  std::string version_note;  ///< Manifest's
  std::string kind;          ///< kind of the model: "transformer", "lr", "svm"
  std::string weights;       ///< weights that will predict: "linear", "int8", "f32"
  std::vector<std::string> labels;
  std::string positive_label;     ///< of two labels, the one that decides what false positives are; empty: none
  std::string text_template;      ///< template that makes the text of a row; empty: none
  Json metrics = Json::object();  ///< metrics of training_info.json, by name
  uint64_t size_bytes = 0;        ///< total size of the files
  int64_t written = 0;            ///< time at which the newest of the files was written, in seconds since 1970
  uint64_t memory_bytes = 0;      ///< approximate memory of the loaded model (estimated in bundle_summary.cpp)
  std::vector<FileStamp> files;
};

/// Reads the summary of a bundle. Errors: kNotFound (no model there, or none of its weights), kIo, kInvalidModel.
Result<BundleSummary> ReadBundleSummary(const std::filesystem::path& dir);

struct BundlePlace {
  std::filesystem::path dir;
  bool named = false;  ///< true for a bundle that was named itself, false for one found in a named directory
};

struct BundlePlaces {
  std::vector<BundlePlace> places;
  /// Directories within the roots that describe a model and contain no weights, as an export to ONNX does.
  std::vector<std::filesystem::path> skipped;
};

/// Returns the bundles of `roots`, in their order, by their canonical paths: a root that is a bundle (bundle/find.h)
/// with a manifest or weights, or the bundles within a root that is not one, sorted. A bundle that is found twice is
/// returned once. A root that is neither a bundle nor contains one is treated as a bundle, so that loading it reports
/// the error. Errors: kIo for a directory that cannot be listed.
Result<BundlePlaces> FindBundlePlaces(const std::vector<std::filesystem::path>& roots);

/// Returns true if a directory of models has any, and false if there is no such directory. Errors: kIo for a directory
/// that cannot be listed, for instance because file descriptors ran out: its models are still there.
Result<bool> ContainsBundles(const std::filesystem::path& directory);

}  // namespace winnow
