#include "classifier.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/json.h"
#include "classify/explain.h"
#include "classify/prediction_json.h"
#include "kernels/isa.h"
#include "text/plain_texts.h"
#include "texts.h"

namespace winnow::python {
namespace {

/// Texts that are classified before the results are copied and the next ones follow, so that memory stays bounded.
constexpr size_t kTextsAtOnce = 4096;

/// The columns of results, which become NumPy arrays without another copy.
struct Columns {
  Columns(size_t texts, size_t labels, bool multi_label)
      : probabilities(texts * labels),
        label(texts),
        top(texts),
        score(texts),
        confidence(texts),
        threshold(texts),
        scope_score(texts),
        abstained(texts),
        out_of_scope(texts),
        decided(multi_label ? texts * labels : 0) {}

  void Set(size_t i, size_t labels, const ClassifiedText& result) {
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    std::ranges::copy(result.probabilities, probabilities.begin() + static_cast<std::ptrdiff_t>(i * labels));
    label[i] = result.decision.label;
    top[i] = result.decision.top;
    score[i] = result.decision.score;
    confidence[i] = result.decision.confidence;
    threshold[i] = result.decision.threshold.value_or(kNone);
    scope_score[i] = result.scope_score.value_or(kNone);
    abstained[i] = result.decision.abstained;
    out_of_scope[i] = result.out_of_scope;
    for (const int32_t id : result.decision.labels) decided[i * labels + static_cast<size_t>(id)] = true;
  }

  std::vector<float> probabilities;
  std::vector<int32_t> label, top;
  std::vector<float> score, confidence, threshold, scope_score;
  std::vector<uint8_t> abstained, out_of_scope, decided;
};

template <typename Shown, typename T>
nb::object Array(std::vector<T> values, std::initializer_list<size_t> shape) {
  static_assert(sizeof(Shown) == sizeof(T));
  auto* const owned = new std::vector<T>(std::move(values));
  const nb::capsule owner(owned, [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
  return nb::cast(nb::ndarray<nb::numpy, Shown>(owned->data(), shape, owner));
}

ByName Arrays(Columns columns, size_t texts, size_t labels) {
  ByName arrays;
  arrays["probabilities"] = Array<float>(std::move(columns.probabilities), {texts, labels});
  arrays["label"] = Array<int32_t>(std::move(columns.label), {texts});
  arrays["top"] = Array<int32_t>(std::move(columns.top), {texts});
  arrays["score"] = Array<float>(std::move(columns.score), {texts});
  arrays["confidence"] = Array<float>(std::move(columns.confidence), {texts});
  arrays["threshold"] = Array<float>(std::move(columns.threshold), {texts});
  arrays["scope_score"] = Array<float>(std::move(columns.scope_score), {texts});
  arrays["abstained"] = Array<bool>(std::move(columns.abstained), {texts});
  arrays["out_of_scope"] = Array<bool>(std::move(columns.out_of_scope), {texts});
  if (!columns.decided.empty()) arrays["decided"] = Array<bool>(std::move(columns.decided), {texts, labels});
  return arrays;
}

/// Renders the template of a bundle for each row of columns.
Result<std::vector<InputText>> Render(const TextTemplate& text_template, const std::vector<std::string>& names,
                                      const std::vector<std::unique_ptr<Texts>>& columns, size_t rows) {
  std::vector<InputText> texts;
  texts.reserve(rows);
  for (size_t row = 0; row < rows; ++row) {
    std::string text;
    text_template.Render(
        [&](std::string_view field) {
          const auto found = std::ranges::find(names, field);
          return found == names.end() ? std::string_view()
                                      : columns[static_cast<size_t>(found - names.begin())]->views()[row];
        },
        text);
    texts.push_back(InputText::OfJoined(std::move(text)));
  }
  return texts;
}

std::optional<LongText> LongTextOf(const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  for (const LongText mode : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
    if (*name == NameOf(mode)) return mode;
  }
  Raise({ErrorCode::kInvalidArgument, "long_text: '" + *name + "' is not a long-text mode",
         "the long-text modes are: head, head+tail, windows"});
}

Weights WeightsOf(const std::string& name) {
  if (name == "auto") return Weights::kAuto;
  if (name == "float") return Weights::kFloat;
  if (name == "int8") return Weights::kInt8;
  Raise({ErrorCode::kInvalidArgument, "weights: unknown value '" + name + "'", "the values are: auto, float, int8"});
}

ClassifyOptions OptionsOf(const std::string& mode, std::optional<float> threshold, std::optional<float> abstain_below) {
  return {.mode = Value(ParseMode(mode)), .threshold = threshold, .abstain_below = abstain_below};
}

Json DescriptionOf(const BundleClassifier& classifier) {
  const Manifest& manifest = classifier.manifest();
  const TextTemplate* const text_template = classifier.text_template();
  const ScopeRule* const scope = classifier.scope_rule();
  return {{"name", manifest.name},
          {"version", manifest.version},
          {"kind", manifest.kind},
          {"labels", classifier.labels()},
          {"multi_label", classifier.multi_label()},
          {"positive_label", manifest.positive_label},
          {"temperature", manifest.temperature},
          {"max_length", manifest.max_length},
          {"long_text", NameOf(manifest.long_text)},
          {"fold_disguises", manifest.fold_disguises},
          {"text_template", manifest.text_template},
          {"fields", text_template == nullptr ? std::vector<std::string>() : text_template->fields()},
          {"out_of_scope_label", scope == nullptr ? std::string() : scope->label},
          {"weights", classifier.weights()},
          {"thresholds",
           {{"strict", manifest.thresholds.strict},
            {"moderate", manifest.thresholds.moderate},
            {"lenient", manifest.thresholds.lenient}}}};
}

}  // namespace

PythonClassifier::PythonClassifier(std::filesystem::path bundle, const ClassifierOptions& options)
    : bundle_(std::move(bundle)), options_(options) {
  Load();
}

PythonClassifier::~PythonClassifier() { Drop(); }

void PythonClassifier::Drop() {
  if (process_ != 0 && process_ != ::getpid()) new std::shared_ptr<const Loaded>(std::move(loaded_));
  loaded_.reset();
}

void PythonClassifier::Load() {
  auto loaded = Native([&](NativeWork&) -> Result<std::shared_ptr<const Loaded>> {
    TRY(ChooseIsaOnce());
    auto parts = std::make_shared<Loaded>(options_.threads);
    parts->classifier = TRY(BundleClassifier::Load(bundle_, parts->pool, options_.weights, options_.long_text,
                                                   options_.fold_disguises, {.verify = options_.verify}));
    return parts;
  });
  Drop();
  loaded_ = std::move(loaded);
  process_ = ::getpid();
}

std::shared_ptr<const PythonClassifier::Loaded> PythonClassifier::Current() {
  if (process_ != ::getpid()) Load();
  return loaded_;
}

ByName PythonClassifier::ClassifyViews(const BundleClassifier& model, std::span<const InputTextView> views,
                                       const ClassifyOptions& options) {
  const size_t labels = model.labels().size();
  Columns columns = Native([&](NativeWork& work) -> Result<Columns> {
    TRY(model.CheckOptions(options));
    TRY(model.CheckMode(options.mode));
    Columns results(views.size(), labels, model.multi_label());
    std::vector<ClassifiedText> classified;
    for (size_t begin = 0; begin < views.size(); begin += kTextsAtOnce) {
      const auto part = views.subspan(begin, std::min(kTextsAtOnce, views.size() - begin));
      TRY(model.ClassifyInto(part, options, classified, [&](size_t) { return work.Continue(); }));
      for (size_t i = 0; i < part.size(); ++i) results.Set(begin + i, labels, classified[i]);
    }
    return results;
  });
  return Arrays(std::move(columns), views.size(), labels);
}

ByName PythonClassifier::Classify(nb::handle texts, const ClassifyOptions& options) {
  const Texts given(texts);
  const PlainTexts plain = PlainTexts::Of(given.views());
  const auto loaded = Current();
  return ClassifyViews(*loaded->classifier, plain.views(), options);
}

ByName PythonClassifier::ClassifyColumns(const ByName& columns, const ClassifyOptions& options) {
  const auto loaded = Current();
  const TextTemplate* const text_template = loaded->classifier->text_template();
  if (text_template == nullptr) {
    Raise({ErrorCode::kInvalidArgument, "columns were given, but the bundle has no text template",
           "pass the column of the texts alone"});
  }
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Texts>> fields;
  for (const auto& [name, column] : columns) {
    names.push_back(nb::cast<std::string>(name));
    fields.push_back(std::make_unique<Texts>(column, Texts::Missing::kEmpty));
  }
  const size_t rows = fields.empty() ? 0 : fields[0]->views().size();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]->views().size() == rows) continue;
    Raise({ErrorCode::kInvalidArgument,
           "the columns '" + names[0] + "' and '" + names[i] + "' have different numbers of rows", ""});
  }
  const std::vector<InputText> texts = Native([&](NativeWork&) { return Render(*text_template, names, fields, rows); });
  const std::vector<InputTextView> views(texts.begin(), texts.end());
  return ClassifyViews(*loaded->classifier, views, options);
}

std::string PythonClassifier::Explain(const std::string& text, const ClassifyOptions& options) {
  const auto loaded = Current();
  const BundleClassifier& model = *loaded->classifier;
  return Native([&](NativeWork&) -> Result<std::string> {
    const PlainTexts one = PlainTexts::Of(std::span(&text, 1));
    return DumpJsonLine(ExplanationJson(TRY(ExplainText(model, one.views().front(), options)), text));
  });
}

std::string PythonClassifier::Description() { return DumpJsonLine(DescriptionOf(*Current()->classifier)); }

void BindClassifier(nb::module_& module) {
  nb::class_<PythonClassifier>(module, "Classifier", "A loaded bundle.")
      .def(
          "__init__",
          [](PythonClassifier* self, const std::string& bundle, int threads, const std::string& weights,
             const std::optional<std::string>& long_text, std::optional<bool> fold_disguises, bool verify) {
            new (self) PythonClassifier(bundle, {.threads = threads,
                                                 .weights = WeightsOf(weights),
                                                 .long_text = LongTextOf(long_text),
                                                 .fold_disguises = fold_disguises,
                                                 .verify = verify});
          },
          nb::arg("bundle"), nb::arg("threads"), nb::arg("weights"), nb::arg("long_text").none(),
          nb::arg("fold_disguises").none(), nb::arg("verify"))
      .def(
          "classify",
          [](PythonClassifier& self, nb::object texts, const std::string& mode, std::optional<float> threshold,
             std::optional<float> abstain_below) {
            return self.Classify(texts, OptionsOf(mode, threshold, abstain_below));
          },
          nb::arg("texts"), nb::arg("mode"), nb::arg("threshold").none(), nb::arg("abstain_below").none(),
          "Classifies texts; returns arrays by name.")
      .def(
          "classify_columns",
          [](PythonClassifier& self, const ByName& columns, const std::string& mode, std::optional<float> threshold,
             std::optional<float> abstain_below) {
            return self.ClassifyColumns(columns, OptionsOf(mode, threshold, abstain_below));
          },
          nb::arg("columns"), nb::arg("mode"), nb::arg("threshold").none(), nb::arg("abstain_below").none(),
          "Classifies the texts that the template of the bundle makes of columns; returns arrays by name.")
      .def(
          "explain",
          [](PythonClassifier& self, const std::string& text, const std::string& mode, std::optional<float> threshold) {
            return self.Explain(text, OptionsOf(mode, threshold, std::nullopt));
          },
          nb::arg("text"), nb::arg("mode"), nb::arg("threshold").none(), "Returns the explanation as JSON.")
      .def("description", &PythonClassifier::Description, "Returns what the bundle says about itself, as JSON.");
}

}  // namespace winnow::python
