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

/// As winnow.json and --long-text have it: "head", "head+tail", "windows".
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
  /// Of a multi-label model: labels' own, in the moderate mode; the other modes move them (decide/label_thresholds.h).
  /// A label that is not named has the moderate one.
  std::map<std::string, double> labels{};
  /// Labels' own in the other modes, instead of the moved ones.
  std::map<std::string, double> labels_strict{}, labels_lenient{};
  std::optional<FprGuarantee> guarantee{};  ///< none: thresholds as they were given
};

/// Of probabilities on texts that the model has not been trained on (evaluate/metrics.h).
struct CalibrationFigures {
  double nll = 0, ece = 0, adaptive_ece = 0, brier = 0;
};

struct CalibrationRecord {
  Calibration calibration;                              ///< its temperature is the manifest's
  int64_t texts = 0;                                    ///< that it was fitted on
  std::string sha256{};                                 ///< of labels and texts, as training_info.json's data_sha256
  std::string source{};                                 ///< which texts: "calibration.jsonl", a file's name
  std::string measured{};                               ///< which texts `after` is of, and how
  std::optional<CalibrationFigures> before{}, after{};  ///< of the plain logits, and calibrated
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
  std::string kind = "transformer";                   ///< or "lr", "svm"
  std::string text_template;                          ///< empty: the text as it is
  std::map<std::string, std::string> label_map;       ///< labels of data files, and what they are here (--label-map)
  int max_length = 128;                               ///< tokens, [CLS] and [SEP] included
  LongText long_text = LongText::kHead;               ///< what is read of texts that have more
  bool fold_disguises = false;                        ///< texts are read as text/disguise.h folds them
  std::string positive_label;                         ///< empty: of several labels, the decided one
  double temperature = 1;                             ///< 1 where another method calibrates
  std::optional<CalibrationRecord> calibration = {};  ///< none: the temperature is all
  Thresholds thresholds;
  std::optional<Abstention> abstain = {};
  std::map<std::string, std::string> sha256;  ///< by path relative to the bundle, with '/'
  /// The JSON that this was read from, or empty. Unknown fields survive a rewrite.
  std::string source;
};

/// What makes probabilities of this bundle's logits.
Calibration CalibrationOf(const Manifest& manifest);

/// MAJOR.MINOR.PATCH[-pre-release][+build], as semver.org has it.
bool IsSemanticVersion(std::string_view version);

/// Errors: kInvalidModel.
Result<Manifest> ParseManifest(std::string_view text, std::string_view where);

/// `dir`/winnow.json; for a plain Hugging Face directory, which has none, the defaults: named after the directory,
/// texts as long as the model has positions. Errors: kNotFound (no model there), kIo, kInvalidModel.
Result<Manifest> ReadManifest(const std::filesystem::path& dir);

/// Writes it as it is given, atomically. Errors: kInvalidModel, kIo.
Result<void> WriteManifest(const std::filesystem::path& dir, const Manifest& manifest);

/// Fills in the digests of all files that belong to the bundle, and writes it: the last step of making a bundle.
Result<void> SealBundle(const std::filesystem::path& dir, Manifest manifest);

/// The files that a manifest covers, relative and sorted: all but winnow.json itself, checkpoints, and hidden files.
Result<std::vector<std::string>> BundleFiles(const std::filesystem::path& dir);

/// For two labels, the one whose name says it ("spam", "toxic", "1", ...), else the second; for others none.
std::string DefaultPositiveLabel(const std::vector<std::string>& labels);

/// What comparing a bundle with its manifest found.
struct VerifyReport {
  int checked = 0;                    ///< files whose digests match
  std::vector<std::string> missing;   ///< in the manifest, not in the directory
  std::vector<std::string> changed;   ///< another digest than the manifest's
  std::vector<std::string> unlisted;  ///< in the directory, not in the manifest: not an error
  bool has_manifest = false;

  bool ok() const { return missing.empty() && changed.empty(); }
};

/// Reads every file: config.json, labels and the headers of *.safetensors for their form, all for their digests.
/// Errors: kNotFound, kIo, kInvalidModel where a file can't be read as what it should be; differing digests are in the
/// report.
Result<VerifyReport> VerifyBundle(const std::filesystem::path& dir);

/// The same as one answer, for bundles that arrive. Errors: VerifyBundle's, and kInvalidModel when digests differ.
Result<void> RequireVerified(const std::filesystem::path& dir);

}  // namespace winnow
