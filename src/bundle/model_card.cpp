#include "bundle/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/known_models.h"
#include "bundle/scope_file.h"
#include "decide/neyman_pearson.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkBegin = "<!-- Written by Winnow and replaced as long as nobody edits it; sha256 ";
constexpr std::string_view kMarkEnd = " -->\n";

struct CardMetric {
  const char* key;   // in training_info.json
  const char* type;  // the hub's name of the metric
  const char* name;
  bool share;  // shown as a percentage
};

constexpr std::array<CardMetric, 8> kCardMetrics = {
    {{"accuracy", "accuracy", "Accuracy", true},
     {"f1_macro", "f1", "Macro-F1", true},
     {"f1_weighted", "f1", "Weighted F1", true},
     {"precision_macro", "precision", "Macro precision", true},
     {"recall_macro", "recall", "Macro recall", true},
     {"fpr", "false_positive_rate", "False-positive rate", true},
     {"roc_auc", "roc_auc", "ROC-AUC", false},
     {"ece", "expected_calibration_error", "Expected calibration error", false}}};

/// A string in YAML and JSON.
std::string Quoted(const std::string& text) { return Json(text).dump(); }

/// A name in Markdown, on one line: in code, since names may be any text.
std::string Code(std::string_view text) {
  std::string code = "`";
  for (const char c : text) code += c == '`' ? '\'' : c == '|' ? '/' : static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return code + "`";
}

std::optional<double> NumberOf(const Json& object, const char* key) {
  const Json* const found = object.is_object() ? object.Find(key) : nullptr;
  return found != nullptr && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::string Percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

/// A bound as a percentage: "2 %", "0.502 %".
std::string BoundText(double share) { return FprText(100 * share) + " %"; }

/// The interval of a metric as text; empty without one.
std::string IntervalText(const Json& intervals, const char* key) {
  const Json* const found = intervals.is_object() ? intervals.Find(key) : nullptr;
  if (found == nullptr || !found->is_array() || found->size() != 2) return {};
  if (!(*found)[0].is_number() || !(*found)[1].is_number()) return {};
  return fmt::format("{:.2f} to {:.2f} %", 100 * (*found)[0].get<double>(), 100 * (*found)[1].get<double>());
}

/// "sentence-transformers/all-MiniLM-L6-v2": a name on the hub, rather than a directory.
bool IsHubName(const std::string& name) {
  const size_t slash = name.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == name.size()) return false;
  const auto allowed = [](char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '/'; };
  std::error_code ignored;
  return std::ranges::all_of(name, allowed) && std::ranges::count(name, '/') == 1 && !name.starts_with('.') &&
         !fs::exists(name, ignored);
}

/// What is known about the base model.
struct Base {
  bool any = false;
  std::string shown;       ///< name; of a directory the last part of its path
  std::string repository;  ///< name on the hub; empty if it is not known
  std::string license, language;

  static Base Of(const Manifest& manifest, const TrainingInfo& info) {
    Base base;
    const std::string& name = info.base_model_id;
    base.any = manifest.kind == "transformer" && name != "scratch" && !name.empty();
    if (!base.any) return base;
    base.shown = fs::path(name).filename().string();
    if (const KnownModel* const known = FindKnownModel(name)) {
      base.shown = base.repository = std::string(known->repository);
      base.license = known->license;
      base.language = known->language;
    } else if (IsHubName(name)) {
      base.shown = base.repository = name;
    }
    return base;
  }
};

std::string PartWords(const Manifest& manifest, const TrainingInfo& info) {
  if (info.metrics_of == "test") return "test part, which was not used for training or model selection";
  return fmt::format("validation part, which was also used for {}",
                     manifest.kind == "transformer" ? "model selection" : "calibration");
}

std::string Metadata(const Manifest& manifest, const TrainingInfo& info, const Base& base) {
  std::string yaml = "---\n";
  yaml += "license: " + (base.license.empty() ? std::string("unknown") : base.license) + "\n";
  if (!base.language.empty()) yaml += "language:\n- " + base.language + "\n";
  yaml += fmt::format("library_name: {}\npipeline_tag: text-classification\ntags:\n- winnow\n- text-classification\n",
                      manifest.kind == "transformer" ? "transformers" : "winnow");
  if (manifest.kind != "transformer") yaml += "- " + manifest.kind + "\n";
  if (!base.repository.empty()) yaml += "base_model: " + base.repository + "\n";
  std::vector<std::string> types, results;
  for (const CardMetric& metric : kCardMetrics) {
    const std::optional<double> value = NumberOf(info.metrics, metric.key);
    if (!value) continue;
    if (std::ranges::find(types, metric.type) == types.end()) types.emplace_back(metric.type);
    results.push_back(
        fmt::format("    - type: {}\n      name: {}\n      value: {:.6g}\n", metric.type, metric.name, *value));
  }
  if (results.empty()) return yaml + "---\n";
  yaml += "metrics:\n";
  for (const std::string& type : types) yaml += "- " + type + "\n";
  yaml += fmt::format(
      "model-index:\n- name: {}\n  results:\n  - task:\n      type: text-classification\n      name: Text "
      "classification\n    dataset:\n      type: private\n      name: {}\n      split: {}\n    metrics:\n",
      Quoted(manifest.name), Quoted("held-out " + (info.metrics_of.empty() ? "texts" : info.metrics_of + " part")),
      info.metrics_of == "test" ? "test" : "validation");
  for (const std::string& result : results) yaml += result;
  return yaml + "---\n";
}

std::string IntendedUse(const Manifest& manifest, const TrainingInfo& info, const Base& base) {
  std::string text = "## Intended use\n\n";
  std::vector<std::string> labels;
  for (const std::string& label : info.classes) labels.push_back(Code(label));
  if (labels.size() > 40) {
    const size_t others = labels.size() - 40;
    labels.resize(40);
    labels.push_back(fmt::format("and {} others", others));
  }
  if (!labels.empty()) text += fmt::format("Assigns texts the labels {}.", fmt::join(labels, ", "));
  if (!manifest.positive_label.empty())
    text += fmt::format(" The positive label is {}.", Code(manifest.positive_label));
  text +=
      manifest.sha256.contains(kScopeFile)
          ? " Use it for texts of the kind that it was trained on.\n\n"
          : " Use it for texts of the kind that it was trained on: texts of other kinds get one of these labels, too, "
            "which means nothing.\n\n";
  text += fmt::format("- Kind: {}", manifest.kind);
  if (base.any) text += fmt::format(", fine-tuned from {}", Code(base.shown));
  if (manifest.kind == "transformer" && !base.any) text += ", trained from scratch";
  text += "\n";
  if (manifest.kind == "transformer") text += fmt::format("- Maximum length: {} tokens\n", manifest.max_length);
  if (!manifest.text_template.empty()) text += "- Text template: " + Code(manifest.text_template) + "\n";
  return text + fmt::format("- Version: {}\n", manifest.version);
}

/// What the model learned from a teacher; empty if it had none.
std::string DistillationText(const TrainingInfo& info) {
  const Json* const teacher = info.hyperparameters.is_object() ? info.hyperparameters.Find("teacher") : nullptr;
  if (teacher == nullptr || !teacher->is_string()) return {};
  fs::path path = teacher->get<std::string>();
  if (!path.has_filename()) path = path.parent_path();  // "big/"
  const std::string more =
      info.unlabelled_count == 0
          ? ""
          : fmt::format(", and on its predictions for {} texts without labels", info.unlabelled_count);
  return fmt::format("The model is distilled: it was also trained on the predictions of the model {}{}.\n\n",
                     Code(path.filename().string()), more);
}

std::string DataSection(const TrainingInfo& info) {
  std::string text = "\n## Data\n\n";
  if (info.sample_count == 0) return text + "The data of the training are not known.\n";
  text += fmt::format("| part | texts |\n| --- | ---: |\n| training | {} |\n| validation | {} |\n| test | {} |\n\n",
                      info.sample_count, info.validation_count, info.test_count);
  if (info.added_count > 0)
    text += fmt::format("Data augmentation added {} of the training texts.\n\n", info.added_count);
  text += DistillationText(info);
  if (!info.data_sha256.empty())
    text += fmt::format("SHA-256 of the labels and texts of the training part: {}\n\n", Code(info.data_sha256));
  text += "| label | training texts |\n| --- | ---: |\n";
  for (size_t i = 0; i < info.classes.size(); ++i)
    text +=
        fmt::format("| {} | {} |\n", Code(info.classes[i]), i < info.label_counts.size() ? info.label_counts[i] : 0);
  const Json* const feedback = info.retraining.is_object() ? info.retraining.Find("feedback_texts") : nullptr;
  if (feedback != nullptr && feedback->is_number_integer()) {
    text += fmt::format(
        "\nThe model is a retraining: {} of the training texts are feedback of users, selected by the trust in them.\n",
        feedback->get<int64_t>());
  }
  return text;
}

/// The sentence that the metrics were measured with other decision thresholds than the present ones; empty if that is
/// not so, or not known.
std::string FormerThresholdsText(const TrainingInfo& info, const Thresholds& present) {
  const Json& former = info.decision_thresholds;
  const std::optional<double> moderate = NumberOf(former, "moderate");
  if (!moderate) return {};
  const Json* const labels = former.Find("labels");
  const size_t former_labels = labels != nullptr && labels->is_object() ? labels->size() : 0;
  bool same = former_labels == present.labels.size();
  for (const auto& [label, threshold] : present.labels) {
    same = same && NumberOf(*labels, label.c_str()) == std::optional(threshold);
  }
  if (same && *moderate == present.moderate) return {};
  if (former_labels == 0) {
    return fmt::format(
        "\nThe metrics above were measured with a decision threshold of {:.4g}, not with the present thresholds.\n",
        *moderate);
  }
  return "\nThe metrics above were measured with other decision thresholds than the present ones.\n";
}

std::string MetricsSection(const Manifest& manifest, const TrainingInfo& info) {
  std::string rows;
  for (const CardMetric& metric : kCardMetrics) {
    const std::optional<double> value = NumberOf(info.metrics, metric.key);
    if (!value) continue;
    rows +=
        fmt::format("| {} | {} | {} |\n", metric.name, metric.share ? Percent(*value) : fmt::format("{:.4f}", *value),
                    IntervalText(info.intervals, metric.key));
  }
  if (rows.empty()) return "\n## Metrics\n\nNo metrics are known.\n";
  std::string text =
      fmt::format("\n## Metrics\n\nOn the {}:\n\n| metric | value | 95 % interval |\n| --- | ---: | ---: |\n{}",
                  PartWords(manifest, info), rows) +
      FormerThresholdsText(info, manifest.thresholds);
  if (!info.slices.is_array()) return text;
  text +=
      "\n### Slices\n\nAccuracy by length and script of the texts; a star marks slices whose interval does not contain the "
      "accuracy of all texts.\n\n| slice | texts | accuracy | 95 % interval |\n| --- | ---: | ---: | ---: |\n";
  for (const Json& slice : info.slices) {
    const Json* const name = slice.is_object() ? slice.Find("name") : nullptr;
    const Json* const stands_out = slice.is_object() ? slice.Find("stands_out") : nullptr;
    if (name == nullptr || !name->is_string()) continue;
    text += fmt::format("| {}{} | {:.0f} | {} | {} |\n", Code(name->get<std::string>()),
                        stands_out != nullptr && stands_out->is_boolean() && stands_out->get<bool>() ? " *" : "",
                        NumberOf(slice, "count").value_or(0), Percent(NumberOf(slice, "accuracy").value_or(0)),
                        IntervalText(slice, "interval"));
  }
  return text;
}

std::string GuaranteesSection(const Manifest& manifest) {
  std::string text = "\n## Calibration and guarantees\n\n";
  if (manifest.calibration) {
    text += fmt::format("Probabilities are calibrated on {} texts", manifest.calibration->texts);
    if (manifest.calibration->after) text += fmt::format("; ECE {:.4f} afterwards", manifest.calibration->after->ece);
    text += ".\n\n";
  }
  const Thresholds& thresholds = manifest.thresholds;
  if (!manifest.positive_label.empty()) {
    text += fmt::format("Decision thresholds of the modes: strict {:.4g}, moderate {:.4g}, lenient {:.4g}.\n\n",
                        thresholds.strict, thresholds.moderate, thresholds.lenient);
  }
  if (const auto& guarantee = thresholds.guarantee) {
    text += fmt::format(
        "In the moderate mode the false-positive rate is at most {}, in the lenient mode at most {}, with {:.0f} % "
        "confidence (Neyman-Pearson thresholds, chosen on {} negatives with {} weights), for texts from the same distribution.\n",
        BoundText(guarantee->max_fpr), BoundText(guarantee->lenient_max_fpr), 100 * guarantee->confidence,
        guarantee->texts, guarantee->weights.empty() ? "the present" : guarantee->weights);
  } else {
    text += "The thresholds have no guarantee.\n";
  }
  if (manifest.abstain) {
    text += fmt::format(
        "\nUncertain predictions are marked, so that at most {} of all texts are decided wrongly without a mark.\n",
        BoundText(manifest.abstain->max_error));
  }
  if (manifest.sha256.contains(kScopeFile)) {
    text +=
        "\nA rule recognizes out-of-scope texts, which belong to none of the labels. The metrics above are those without "
        "the rule.\n";
  }
  return text;
}

std::string UseSection(const Manifest& manifest) {
  std::string text = "\n## How to use\n\n```sh\nwinnow classify DIRECTORY \"a text\"\nwinnow serve DIRECTORY\n```\n";
  if (manifest.kind == "transformer") {
    text +=
        "\n```python\nfrom transformers import pipeline\npipeline(\"text-classification\", model=\"DIRECTORY\")(\"a "
        "text\")\n```\n\nOther programs than Winnow know neither the calibration nor the thresholds in "
        "winnow.json.\n";
  }
  return text;
}

std::string LicenceSection(const Base& base) {
  std::string text = "\n## Licence\n\n";
  if (!base.any) return text + "The model has no base model. Its licence is up to whoever publishes it.\n";
  if (base.license.empty())
    return text + fmt::format("The licence of the base model {} is not known to Winnow.\n", Code(base.shown));
  return text + fmt::format("The base model {} has the licence {}, which applies to this model, too.\n",
                            Code(base.shown), Code(base.license));
}

Result<TrainingInfo> InfoOf(const fs::path& dir) {
  std::error_code ignored;
  if (!fs::exists(dir / kTrainingInfoFile, ignored)) return TrainingInfo();
  return ReadTrainingInfo(dir);
}

}  // namespace

std::string ModelCard(const Manifest& manifest, const TrainingInfo& info) {
  const Base base = Base::Of(manifest, info);
  std::string card = Metadata(manifest, info, base) + "\n# " + Code(manifest.name) + "\n\n";
  card += IntendedUse(manifest, info, base) + DataSection(info) + MetricsSection(manifest, info) +
          GuaranteesSection(manifest);
  card +=
      "\n## Limits\n\n- The metrics are those of texts from the same source as the training texts; other texts, and those of "
      "later years, may be classified worse.\n";
  if (manifest.kind == "transformer")
    card += "- The metrics are those of the float weights; INT8 weights may have others.\n";
  card += "- People may be affected by a wrong label: have labels reviewed by a person if much depends on them.\n";
  card += UseSection(manifest) + LicenceSection(base) + "\n";
  return card + std::string(kMarkBegin) + Sha256(card) + std::string(kMarkEnd);
}

bool IsUneditedCard(std::string_view text) {
  if (!text.ends_with(kMarkEnd)) return false;
  const size_t mark = text.rfind(kMarkBegin);
  if (mark == std::string_view::npos) return false;
  const std::string_view digest =
      text.substr(mark + kMarkBegin.size(), text.size() - mark - kMarkBegin.size() - kMarkEnd.size());
  return digest == Sha256(text.substr(0, mark));
}

bool HasOwnCard(const fs::path& dir) {
  constexpr uintmax_t kMostBytes = 1 << 20;  // a card of Winnow has a few thousand
  std::error_code error;
  const fs::path path = dir / kCardFile;
  if (!fs::exists(fs::symlink_status(path, error))) return false;
  if (!fs::is_regular_file(fs::symlink_status(path, error)) || fs::file_size(path, error) > kMostBytes || error)
    return true;
  const Result<std::string> text = ReadFile(path);
  return !text || !IsUneditedCard(*text);
}

Result<void> WriteModelCard(const fs::path& dir, const Manifest& manifest) {
  if (HasOwnCard(dir)) return {};
  return WriteFileAtomically(dir / kCardFile, ModelCard(manifest, TRY(InfoOf(dir))));
}

Result<void> RefreshModelCard(const fs::path& dir, const Manifest& manifest) {
  std::error_code ignored;
  return fs::exists(dir / kCardFile, ignored) ? WriteModelCard(dir, manifest) : Result<void>();
}

Result<void> KeepOwnCard(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!HasOwnCard(from) || fs::equivalent(from / kCardFile, to / kCardFile, error)) return {};
  error.clear();
  fs::remove(to / kCardFile, error);
  if (error)
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot remove: {}", (to / kCardFile).string(), error.message()));
  return {};
}

}  // namespace winnow
