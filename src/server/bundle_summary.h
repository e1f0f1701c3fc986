/// What a bundle's directory tells without loading its weights, and where bundles are.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// What is another when a file was written or replaced.
struct FileStamp {
  std::string name;
  uint64_t device = 0, inode = 0, size = 0;
  int64_t seconds = 0, nanoseconds = 0;  ///< when it was last written

  bool operator==(const FileStamp&) const = default;
};

/// Of the regular files in `dir` itself, sorted by name; hidden ones are left out. Errors: kNotFound, kIo.
Result<std::vector<FileStamp>> StampsOf(const std::filesystem::path& dir);

struct BundleSummary {
  std::string name, version;
  std::string kind;     ///< "transformer", "lr", "svm"
  std::string weights;  ///< that will answer: "linear", "int8", "f32"
  std::vector<std::string> labels;
  std::string text_template;      ///< how a text is made of a row of data; or empty
  Json metrics = Json::object();  ///< training_info.json's, by name
  uint64_t size_bytes = 0;        ///< of its files
  uint64_t memory_bytes = 0;      ///< that the loaded model takes, about (bundle_summary.cpp says how it is told)
  std::vector<FileStamp> files;
};

/// Errors: kNotFound (no model there), kIo, kInvalidModel.
Result<BundleSummary> ReadBundleSummary(const std::filesystem::path& dir);

struct BundlePlace {
  std::filesystem::path dir;
  bool named = false;  ///< not found in a directory that was
};

/// The bundles that `roots` name, in their order: a root that is a bundle (bundle/find.h) with a manifest or weights, and
/// those that lie in one that is none, sorted, by their canonical paths. One that is met twice counts once. A root that
/// is neither is taken for a bundle, so that what is wrong with it is told. Errors: kIo of a directory that can't be
/// listed.
Result<std::vector<BundlePlace>> FindBundlePlaces(const std::vector<std::filesystem::path>& roots);

}  // namespace winnow
