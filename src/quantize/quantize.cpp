#include "quantize/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "classify/bundle_classifier.h"
#include "data/label_sets.h"
#include "encoder/forward.h"
#include "encoder/quantized_forward.h"

namespace winnow {
namespace {

constexpr size_t kSensitivityTexts = 256;  // enough to rank layers by; the gate itself uses all texts

std::vector<float> LogitsOf(const QuantizedModel& model, const PackedTexts& texts, ThreadPool& pool) {
  std::vector<float> logits(texts.texts() * model.config().labels.size());
  QuantizedRunner(model, pool).Logits(texts, logits);
  return logits;
}

double SquaredDistance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
  return sum;
}

class Gate {
 public:
  Gate(const BundleClassifier& classifier, const Model& model, const Dataset& held_out, const QuantizeOptions& options,
       const std::filesystem::path& out, ThreadPool& pool)
      : classifier_(classifier), model_(model), held_out_(held_out), options_(options), out_(out), pool_(pool) {
    PreparedTexts prepared;
    classifier.scorer().Prepare(InputTexts(held_out), prepared);
    tokens_ = std::move(prepared.tokens);
  }

  Result<Metrics> MeasureFloat() {
    if (tokens_.windows.ids.size() > size_t{1} << 31) {
      return Fail(ErrorCode::kUnsupported, "the held-out texts have more than 2^31 tokens",
                  "specify a smaller file with --data");
    }
    TRY(CheckBatch(model_.config(), tokens_.windows.view()));
    ForwardRunner runner(model_, pool_);
    exact_ = runner.AllLogits(tokens_.windows.view());
    return MetricsOf(exact_, decided_before_);
  }

  Result<QuantizeReport> Run() {
    QuantizeReport report;
    report.before = TRY(MeasureFloat());
    if (options_.before) report.before = *options_.before;
    QuantizationPlan plan = SmallestPlan();
    TRY(Measure(plan, report));
    if (!Holds(report)) {
      Note(fmt::format("accuracy drops too much with all layers in {} ({}); searching for the layers that must be {}",
                       options_.int4 ? "4 bits per weight" : "INT8", Drops(report), Wider()));
      for (const Part part : TRY(MostSensitiveFirst())) {
        Keep(part, plan);
        TRY(Measure(plan, report));
        Note(fmt::format("with {} in {}: {}", Name(part), Wider(), Drops(report)));
        if (Holds(report)) break;
      }
    }
    report.plan = plan;
    if (Holds(report)) return report;
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format("the quantized model is worse by more than --max-drop {}, even with every layer in {}: "
                    "accuracy {:.4f} -> {:.4f}, macro-F1 {:.4f} -> {:.4f} on {} texts",
                    options_.max_drop, Wider(), report.before.accuracy, report.after.accuracy, report.before.f1_macro,
                    report.after.f1_macro, held_out_.examples.size()),
        "with few held-out texts, one text can exceed the limit: specify more texts with --data, or allow a larger "
        "drop with --max-drop");
  }

 private:
  using Part = int;  // a layer, or kWords
  static constexpr Part kWords = -1;

  const char* Wider() const { return options_.int4 ? "INT8" : "bf16"; }
  QuantizationPlan SmallestPlan() const {
    const std::vector<bool> none(static_cast<size_t>(model_.config().num_layers));
    return {.bf16_layers = none, .int4 = options_.int4, .int8_layers = none};
  }
  static void Keep(Part part, QuantizationPlan& plan) {
    if (part == kWords) {
      (plan.int4 ? plan.int8_words : plan.bf16_words) = true;
    } else {
      (plan.int4 ? plan.int8_layers : plan.bf16_layers)[static_cast<size_t>(part)] = true;
    }
  }
  static std::string Name(Part part) {
    return part == kWords ? "the token embeddings" : "layer " + std::to_string(part + 1);
  }

  bool Holds(const QuantizeReport& report) const { return report.Holds(options_.max_drop); }
  static std::string Drops(const QuantizeReport& report) {
    return fmt::format("accuracy {:.4f} -> {:.4f}, macro-F1 {:.4f} -> {:.4f}", report.before.accuracy,
                       report.after.accuracy, report.before.f1_macro, report.after.f1_macro);
  }
  void Note(const std::string& text) const {
    if (options_.note) options_.note(text);
  }

  Result<QuantizedModel> Quantized(const QuantizationPlan& plan) const {
    TRY(WriteQuantizedWeights(model_, plan, out_));
    return QuantizedModel::Load(out_, model_.config(), pool_);
  }

  Result<void> Measure(const QuantizationPlan& plan, QuantizeReport& report) {
    const QuantizedModel quantized = TRY(Quantized(plan));
    std::vector<Decision> decided;
    report.after = TRY(MetricsOf(LogitsOf(quantized, tokens_.windows.view(), pool_), decided));
    size_t same = 0;
    for (size_t i = 0; i < decided.size(); ++i) {
      same += decided[i].label == decided_before_[i].label && decided[i].labels == decided_before_[i].labels;
    }
    report.agreement = static_cast<double>(same) / static_cast<double>(decided.size());
    std::error_code ignored;
    report.quantized_bytes = static_cast<int64_t>(std::filesystem::file_size(out_ / kInt8Weights, ignored));
    return {};
  }

  /// What becomes of the answers: probabilities and decisions as the bundle makes them.
  Result<Metrics> MetricsOf(std::span<const float> logits, std::vector<Decision>& decided) const {
    const size_t labels = model_.config().labels.size();
    const std::vector<float> probabilities = classifier_.ProbabilitiesOfLogits(logits, tokens_);
    decided.clear();
    std::vector<std::vector<int32_t>> sets;
    for (size_t i = 0; i < held_out_.examples.size(); ++i) {
      const Decision& decision =
          decided.emplace_back(classifier_.DecideOne(std::span(probabilities).subspan(i * labels, labels)));
      sets.push_back(held_out_.multi_label ? decision.labels : std::vector{decision.label});
    }
    const MetricsOptions metrics{.positive_label = classifier_.positive_label(), .bootstrap_resamples = 0};
    return ComputeMetricsOfSets(probabilities, LabelSets(held_out_), held_out_.labels.names, held_out_.multi_label,
                                metrics, sets);
  }

  /// Parts in the order of what their quantization does to the logits, while all other parts are quantized too.
  Result<std::vector<Part>> MostSensitiveFirst() const {
    const PackedTexts all = tokens_.windows.view();
    const size_t count = std::min(kSensitivityTexts, all.texts());
    const PackedTexts some{all.ids.first(static_cast<size_t>(all.offsets[count])), all.offsets.first(count + 1)};
    const auto exact = std::span(exact_).first(count * model_.config().labels.size());
    std::vector<std::pair<double, Part>> left;  // error that stays when the part is kept
    const ModelConfig& config = model_.config();
    for (Part part = kWords; part < config.num_layers; ++part) {
      // Layers that share their weights have them together, which the last of them decides.
      const bool shared =
          part >= 0 && part + 1 < config.num_layers && GroupOfLayer(config, part) == GroupOfLayer(config, part + 1);
      if (shared) continue;
      QuantizationPlan plan = SmallestPlan();
      Keep(part, plan);
      left.emplace_back(SquaredDistance(LogitsOf(TRY(Quantized(plan)), some, pool_), exact), part);
    }
    std::ranges::stable_sort(left, {}, &std::pair<double, Part>::first);
    std::vector<Part> order;
    for (const auto& [error, part] : left) order.push_back(part);
    return order;
  }

  const BundleClassifier& classifier_;
  const Model& model_;
  const Dataset& held_out_;
  const QuantizeOptions options_;
  const std::filesystem::path out_;
  ThreadPool& pool_;
  TokenizedTexts tokens_;
  std::vector<float> exact_;  // logits of the float model
  std::vector<Decision> decided_before_;
};

Result<void> RequireTexts(const Dataset& held_out) {
  if (!held_out.examples.empty()) return {};
  return Fail(ErrorCode::kInvalidData, "there are no held-out texts to measure the drop with",
              "specify labelled texts with --data FILE");
}

}  // namespace

Result<QuantizeReport> QuantizeWeights(const std::filesystem::path& bundle, const std::filesystem::path& out,
                                       const Dataset& held_out, const QuantizeOptions& options, ThreadPool& pool) {
  TRY(RequireTexts(held_out));
  const BundleClassifier classifier = TRY(BundleClassifier::Load(bundle, pool, Weights::kFloat));
  const Model model = TRY(Model::Load(bundle, TRY(ReadModelConfig(bundle)), {}));
  Result<QuantizeReport> report = Gate(classifier, model, held_out, options, out, pool).Run();
  std::error_code ignored;
  if (!report) {
    std::filesystem::remove(out / kInt8Weights, ignored);
  } else {
    report->float_bytes = static_cast<int64_t>(std::filesystem::file_size(bundle / "model.safetensors", ignored));
  }
  return report;
}

Result<Metrics> MeasureFloatWeights(const std::filesystem::path& bundle, const Dataset& held_out, ThreadPool& pool) {
  TRY(RequireTexts(held_out));
  const BundleClassifier classifier = TRY(BundleClassifier::Load(bundle, pool, Weights::kFloat));
  const Model model = TRY(Model::Load(bundle, TRY(ReadModelConfig(bundle)), {}));
  return Gate(classifier, model, held_out, {}, {}, pool).MeasureFloat();
}

}  // namespace winnow
