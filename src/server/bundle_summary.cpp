#include "server/bundle_summary.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "base/files.h"
#include "base/json.h"
#include "bundle/find.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/model_version.h"
#include "bundle/open_weights.h"
#include "bundle/training_info.h"
#include "classify/linear_scorer.h"
#include "encoder/quantized_model.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kFloatWeights[] = "model.safetensors";

/// As `winnow bench` saw it, above a process without a model, of MiniLM: an INT8 file of 23 MB took 19 MB at first and
/// up to 31 MB, as more and more of its words were read; a float file of 91 MB took 98 MB. Scratch of batches is not in
/// it: it depends on --max-batch-tokens and the number of threads, not on the model alone.
uint64_t EncoderMemory(uint64_t weights) { return weights + weights / 10 + (2 << 20); }

/// Linear models are used where they are mapped, but have tables of their features besides: 1.3 MB of 127,000 features
/// took 10 MB, 6.1 MB of 10,000 features and 150 labels 8 MB, 0.13 MB of 10,000 features 1.5 MB. A feature is a float
/// for each output, another, and some letters, in the file.
uint64_t LinearMemory(uint64_t file, size_t labels) {
  const uint64_t outputs = labels == 2 ? 1 : labels;
  const uint64_t features = file / (4 * outputs + 7);
  return file + 80 * features + (1 << 20);
}

/// Numbers and the like by name: what a list of models can show. Nothing where the file says nothing.
Json MetricsOf(const fs::path& dir) {
  Json metrics = Json::object();
  const Result<TrainingInfo> info = ReadTrainingInfo(dir);
  if (!info) return metrics;
  for (const auto& [name, value] : info->metrics.items()) {
    if (value.is_number()) metrics[name] = value;
  }
  return metrics;
}

/// A directory that only describes a model, as an export to ONNX or the output of a report does, is not served. A
/// directory with another manifest is, so that the list of models says what is wrong with it.
bool IsServed(const fs::path& dir) {
  return (Exists(dir / kManifestFile) && !IsExport(dir)) || (IsBundle(dir) && HasWeights(dir));
}

/// A directory without weights has no place among the names and versions of the models.
Result<void> RequireWeights(const fs::path& dir) {
  if (HasWeights(dir)) return {};
  if (IsExport(dir)) {
    return Fail(ErrorCode::kNotFound, dir.string() + ": is an export to ONNX, without weights that Winnow loads",
                "serve the model that it was exported from");
  }
  // The error of loading such a model says which weights of another form there are.
  if (Exists(dir / "config.json")) TRY(OpenWeights(dir));
  return Fail(ErrorCode::kNotFound, dir.string() + ": contains no weights of a model",
              "copy the model again: a transformer has model.safetensors or model_int8.safetensors, a linear model "
              "linear.bin");
}

fs::path WithoutSlash(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

Result<std::vector<FileStamp>> StampsOf(const fs::path& dir) {
  std::vector<FileStamp> stamps;
  std::error_code error;
  const auto add = [&](std::string name) {
    struct stat status = {};
    if (::stat((dir / name).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    stamps.push_back({.name = std::move(name),
                      .device = static_cast<uint64_t>(status.st_dev),
                      .inode = static_cast<uint64_t>(status.st_ino),
                      .size = static_cast<uint64_t>(status.st_size),
                      .seconds = status.st_mtim.tv_sec,
                      .nanoseconds = status.st_mtim.tv_nsec});
  };
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with('.')) add(std::move(name));
  }
  add(kOnnxMetadataFile);
  constexpr char kHint[] = "specify the directory of a model, as 'winnow train' has written it";
  if (error == std::errc::no_such_file_or_directory) {
    return Fail(ErrorCode::kNotFound, dir.string() + ": no such directory", kHint);
  }
  if (error == std::errc::not_a_directory) {
    return Fail(ErrorCode::kInvalidArgument, dir.string() + ": is a file, not the directory of a model", kHint);
  }
  if (error) return Fail(ErrorCode::kIo, dir.string() + ": cannot list the directory: " + error.message());
  std::ranges::sort(stamps, {}, &FileStamp::name);
  return stamps;
}

Result<BundleSummary> ReadBundleSummary(const fs::path& dir) {
  BundleSummary summary;
  summary.files = TRY(StampsOf(dir));
  const Manifest manifest = TRY(ReadManifest(dir));
  TRY(RequireWeights(dir));
  summary.name = manifest.name;
  summary.version = manifest.version;
  summary.version_note = manifest.version_note;
  summary.kind = manifest.kind;
  summary.positive_label = manifest.positive_label;
  summary.text_template = manifest.text_template;
  const auto size_of = [&](std::string_view name) -> uint64_t {
    const auto file = std::ranges::find(summary.files, name, &FileStamp::name);
    return file == summary.files.end() ? 0 : file->size;
  };
  for (const FileStamp& file : summary.files) {
    summary.size_bytes += file.size;
    summary.written = std::max(summary.written, file.seconds);
  }
  if (Exists(dir / kLinearFile)) {
    summary.weights = "linear";
    summary.labels = TRY(ReadLabelsFile(dir / kLabelsFile));
    summary.memory_bytes = LinearMemory(size_of(kLinearFile), summary.labels.size());
  } else {
    const bool int8 = Exists(dir / kInt8Weights);
    summary.weights = int8 ? "int8" : "f32";
    summary.labels = TRY(ReadModelConfig(dir)).labels;
    summary.memory_bytes = EncoderMemory(size_of(int8 ? kInt8Weights : kFloatWeights));
  }
  summary.metrics = MetricsOf(dir);
  return summary;
}

Result<BundlePlaces> FindBundlePlaces(const std::vector<fs::path>& roots) {
  BundlePlaces found;
  std::set<fs::path> known;
  const auto add = [&](fs::path dir, bool named) {
    if (known.insert(CanonicalPath(dir)).second) found.places.push_back({std::move(dir), named});
  };
  for (const fs::path& root : roots) {
    std::vector<fs::path> below;
    std::error_code ignored;
    if (!IsServed(root) && fs::is_directory(root, ignored)) {
      for (const fs::path& dir : TRY(BundlesBelow(root, 1))) {
        if (IsServed(dir)) {
          below.push_back(CanonicalPath(dir));
        } else {
          found.skipped.push_back(dir);
        }
      }
    }
    for (fs::path& dir : below) add(std::move(dir), false);
    if (below.empty()) add(WithoutSlash(root), true);
  }
  return found;
}

Result<bool> ContainsBundles(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return false;
  const std::vector<fs::path> below = TRY(BundlesBelow(directory, 1));
  return std::ranges::any_of(below, IsServed);
}

}  // namespace winnow
