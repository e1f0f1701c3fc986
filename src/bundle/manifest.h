/// winnow.json: the properties of a bundle that Hugging Face's files do not contain, and the digests of its files.
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
/// The signature of winnow.json, made with minisign (bundle/load_check.h).
inline constexpr char kSignatureFile[] = "winnow.json.minisig";

/// Returns the name of a long-text mode in winnow.json and --long-text: "head", "head+tail", "windows".
std::string_view NameOf(LongText long_text);

/// The guarantee of decision thresholds (decide/neyman_pearson.h). The false-positive rate is at most max_fpr in the
/// moderate mode, twice that in the strict mode and lenient_max_fpr in the lenient mode. For a model with thresholds
/// per label, the rate of a label refers to the texts without that label.
struct FprGuarantee {
  double max_fpr = 0;
  double lenient_max_fpr = 0;  ///< half of max_fpr, or more if there were too few texts
  double confidence = 0;
  /// Number of negatives that the thresholds were chosen on; with thresholds per label the smallest number.
  int64_t texts = 0;
  std::string source{};   ///< source of the texts that the thresholds were chosen on
  std::string weights{};  ///< weights whose scores the thresholds were chosen on: "f32", "int8"
};

/// The decision thresholds of the modes. A score at or above the threshold is decided as the positive label.
struct Thresholds {
  double strict = .3;
  double moderate = .5;
  double lenient = .7;
  /// Thresholds per label of a multi-label model in the moderate mode; the other modes shift them
  /// (decide/label_thresholds.h). A label without an entry has the moderate threshold.
  std::map<std::string, double> labels{};
  /// Thresholds per label in the strict and lenient modes, in place of the shifted ones.
  std::map<std::string, double> labels_strict{}, labels_lenient{};
  /// Guarantee of the thresholds; none: the thresholds were given by the user.
  std::optional<FprGuarantee> guarantee{};
};

/// Metrics of probabilities on texts that the model was not trained on (evaluate/metrics.h).
struct CalibrationMetrics {
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
  std::optional<CalibrationMetrics> before{}, after{};  ///< metrics before and after calibration
};

/// The confidence per mode below which a decision is an abstention, and the guarantee of it (decide/conformal.h).
struct Abstention {
  double max_error = 0;
  double strict = 0, moderate = 0, lenient = 0;
  int64_t texts = 0;
  std::string source{}, weights{};
};

struct Manifest {
  std::string name;
  std::string version = "1.0.0";  ///< semantic version of the model
  /// The version that Winnow wrote into the files of the bundle (bundle/model_version.h); empty: unknown.
  std::string sealed_version = {};
  std::string version_note = {};                      ///< sentence on an edited version; empty: it was not edited
  std::string kind = "transformer";                   ///< kind of the model: "transformer", "lr" or "svm"
  std::string text_template;                          ///< text template; empty: none
  std::map<std::string, std::string> label_map;       ///< labels of data files and the labels they become (--label-map)
  int max_length = 128;                               ///< maximum length in tokens, [CLS] and [SEP] included
  LongText long_text = LongText::kHead;               ///< long-text mode for texts that exceed max_length
  bool fold_disguises = false;                        ///< true if obfuscated texts are folded (text/disguise.h)
  std::string positive_label;                         ///< positive label; empty: none
  double temperature = 1;                             ///< 1 if another method calibrates
  std::optional<CalibrationRecord> calibration = {};  ///< absent: only the temperature is known
  Thresholds thresholds;
  std::optional<Abstention> abstain = {};
  std::map<std::string, std::string> sha256;  ///< digests by path relative to the bundle, with '/'
  /// The JSON that this manifest was read from, or empty. Unknown fields survive a rewrite.
  std::string source;
};

/// Returns the calibration that turns this bundle's logits into probabilities.
Calibration CalibrationOf(const Manifest& manifest);

/// Reads the text of a winnow.json. Errors: kInvalidModel.
Result<Manifest> ParseManifest(std::string_view text, std::string_view where);

/// Reads `dir`/winnow.json; a version that was edited in one of the bundle's files is that of the model. For a plain
/// Hugging Face directory, which has no such file, returns the defaults, with the directory's name and the largest
/// maximum length that the model has positions for. Errors: kNotFound (no model), kIo, kInvalidModel.
Result<Manifest> ReadManifest(const std::filesystem::path& dir);

/// Writes the manifest unchanged and atomically; and its version into the other files of a bundle that state it
/// (WriteVersionFiles), if the manifest has digests, and the model card again. A signature of the former manifest is
/// removed. Errors: kInvalidModel, kIo.
Result<void> WriteManifest(const std::filesystem::path& dir, const Manifest& manifest);

/// Fills in the digests of all files of the bundle and writes the manifest: the last step of creating a bundle.
Result<void> SealBundle(const std::filesystem::path& dir, Manifest manifest);

/// Returns the files that a manifest covers, relative and sorted: all except winnow.json itself and its signature,
/// MODEL_VERSION.json, README.md (bundle/model_card.h), checkpoints, and hidden files.
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
  std::vector<std::string> edited;    ///< files whose version alone was edited, which is not an error
  std::string version;                ///< version of the model
  std::string version_note;           ///< Manifest's
  bool has_manifest = false;

  bool ok() const { return missing.empty() && changed.empty(); }
};

/// Reads every file and compares its digest; also checks the form of config.json, the labels and the headers of
/// *.safetensors. Errors: kNotFound, kIo, kInvalidModel if a file is not valid; differing digests are in the report.
Result<VerifyReport> VerifyBundle(const std::filesystem::path& dir);

/// Verifies a bundle that was downloaded or copied. Errors: those of VerifyBundle, and kInvalidModel if digests differ.
Result<void> RequireVerified(const std::filesystem::path& dir);

}  // namespace winnow
