/// winnow.json: what a bundle is beyond a Hugging Face model, and the digests of its files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "decide/calibration.h"
#include "winnow/classifier.h"

namespace winnow {

inline constexpr char kManifestFile[] = "winnow.json";

/// Returns the name of a long-text mode in winnow.json and --long-text: "head", "head+tail", "windows".
std::string_view NameOf(LongText long_text);

/// What thresholds guarantee (decide/neyman_pearson.h): moderate keeps max_fpr, strict twice that, lenient
/// lenient_max_fpr; with labels of their own, each of its texts without the label.
struct FprGuarantee {
  double max_fpr = 0;
  double lenient_max_fpr = 0;  ///< half of it, or more where there were too few texts
  double confidence = 0;
  int64_t texts = 0;      ///< negatives that chose them; of several labels the fewest
  std::string source{};   ///< which texts
  std::string weights{};  ///< that answered: "f32", "int8"
};

/// A score at or above it is decided as the positive label.
struct Thresholds {
  double strict = .3;
  double moderate = .5;
  double lenient = .7;
  /// Thresholds per label of a multi-label model in the moderate mode; the other modes shift them
  /// (decide/label_thresholds.h). A label without an entry has the moderate threshold.
  std::map<std::string, double> labels{};
  /// Thresholds per label in the strict and lenient modes, in place of the shifted ones.
  std::map<std::string, double> labels_strict{}, labels_lenient{};
  std::optional<FprGuarantee> guarantee{};  ///< none: thresholds as they were given
};

/// Metrics of probabilities on texts that the model was not trained on (evaluate/metrics.h).
struct CalibrationFigures {
  double nll = 0, ece = 0, adaptive_ece = 0, brier = 0;
};

struct CalibrationRecord {
  Calibration calibration;  ///< the calibration; its temperature is that of the manifest
  int64_t texts = 0;        ///< number of texts that it was fitted on
  /// Digest of labels and texts, computed as data_sha256 in training_info.json.
  std::string sha256{};
  /// Source of the texts: "calibration.jsonl" or the name of a file.
  std::string source{};
  std::string measured{};                               ///< the texts on which `after` was measured, and the method
  std::optional<CalibrationFigures> before{}, after{};  ///< metrics before and after calibration
};

/// A confidence below which a decision goes to review, by mode, and what that guarantees (decide/conformal.h).
struct Abstention {
  double max_error = 0;
  double strict = 0, moderate = 0, lenient = 0;
  int64_t texts = 0;
  std::string source{}, weights{};
};

struct Manifest {
  std::string name;
  std::string version = "1.0.0";                      ///< semantic version
  std::string kind = "transformer";                   ///< "transformer", "lr" or "svm"
  std::string text_template;                          ///< text template; empty: none
  std::map<std::string, std::string> label_map;       ///< labels of data files and the labels they become (--label-map)
  int max_length = 128;                               ///< maximum length in tokens, [CLS] and [SEP] included
  LongText long_text = LongText::kHead;               ///< how texts that exceed max_length are read
  bool fold_disguises = false;                        ///< whether obfuscated texts are folded (text/disguise.h)
  std::string positive_label;                         ///< positive label; empty: none
  double temperature = 1;                             ///< 1 if another method calibrates
  std::optional<CalibrationRecord> calibration = {};  ///< absent: only the temperature is known
  Thresholds thresholds;
  std::optional<Abstention> abstain = {};
  std::map<std::string, std::string> sha256;  ///< digests by path relative to the bundle, with '/'
  /// The JSON that this was read from, or empty. Unknown fields survive a rewrite.
  std::string source;
};

/// Returns the calibration that turns this bundle's logits into probabilities.
Calibration CalibrationOf(const Manifest& manifest);

/// MAJOR.MINOR.PATCH[-pre-release][+build], as semver.org has it.
bool IsSemanticVersion(std::string_view version);

/// Errors: kInvalidModel.
Result<Manifest> ParseManifest(std::string_view text, std::string_view where);

/// `dir`/winnow.json; for a plain Hugging Face directory, which has none, the defaults: named after the directory,
/// texts as long as the model has positions. Errors: kNotFound (no model there), kIo, kInvalidModel.
Result<Manifest> ReadManifest(const std::filesystem::path& dir);

/// Writes the manifest unchanged and atomically. Errors: kInvalidModel, kIo.
Result<void> WriteManifest(const std::filesystem::path& dir, const Manifest& manifest);

/// Fills in the digests of all files that belong to the bundle, and writes it: the last step of making a bundle.
Result<void> SealBundle(const std::filesystem::path& dir, Manifest manifest);

/// The files that a manifest covers, relative and sorted: all but winnow.json itself, checkpoints, and hidden files.
Result<std::vector<std::string>> BundleFiles(const std::filesystem::path& dir);

/// Returns the likely positive label: of two labels the one with a typical name ("spam", "toxic", "1", ...), else the
/// second; of more labels none.
std::string DefaultPositiveLabel(const std::vector<std::string>& labels);

/// The result of comparing a bundle with its manifest.
struct VerifyReport {
  int checked = 0;                    ///< files whose digests match
  std::vector<std::string> missing;   ///< files in the manifest that are not in the directory
  std::vector<std::string> changed;   ///< files whose digest differs from that in the manifest
  std::vector<std::string> unlisted;  ///< files in the directory that are not in the manifest, which is not an error
  bool has_manifest = false;

  bool ok() const { return missing.empty() && changed.empty(); }
};

/// Reads every file: config.json, labels and the headers of *.safetensors for their form, all for their digests.
/// Errors: kNotFound, kIo, kInvalidModel where a file can't be read as what it should be; differing digests are in the
/// report.
Result<VerifyReport> VerifyBundle(const std::filesystem::path& dir);

/// Verifies a bundle that was received. Errors: those of VerifyBundle, and kInvalidModel if digests differ.
Result<void> RequireVerified(const std::filesystem::path& dir);

}  // namespace winnow
