#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "classify/bundle_classifier.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "data/dataset.h"

namespace winnow {
namespace {

struct ClassifyCommandOptions : CommonOptions {
  std::filesystem::path bundle;
  std::vector<std::string> texts;
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> output;
  std::string text_field;
  Mode mode = Mode::kModerate;
  Weights weights = Weights::kAuto;
  std::optional<LongText> long_text;
  int top_k = 0;
  int batch_size = 256;
};

void Describe(ClassifyCommandOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.AddPositional(
      "text", &options.texts,
      "Texts to classify; without any and without --input they are read from standard input, one a line");
  table.Group("Input and output");
  table
      .Add("input", &options.input,
           "Texts to classify: a line each, or CSV, TSV, JSONL, gzip of each; - is standard input")
      .ValueName("FILE");
  table.Add("output", &options.output, "Where the answers go, as JSON lines; it appears once it is whole")
      .ValueName("FILE");
  table.Add("text-field", &options.text_field, "Column or key of the text").ValueName("NAME").Default("found by name");
  table.Add("top-k", &options.top_k, "Show the K most probable labels; 0 shows all").AtLeast(0);
  table.Add("batch-size", &options.batch_size, "Texts that are computed together").AtLeast(1);
  table.Group("Decision");
  table.AddChoice("mode", &options.mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Which of the model's thresholds decides");
  AddWeightsOption(options.weights, table);
  AddLongTextOption(options.long_text, table);
  table.Example("winnow classify spam 'You won a prize'", "one text");
  table.Example("winnow classify spam --input messages.txt --output answers.jsonl", "a file, a text a line");
}

nlohmann::ordered_json AnswerJson(const BundleClassifier& classifier, const ClassifiedText& prediction, int top_k) {
  const auto& labels = classifier.labels();
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](size_t i) { return prediction.probabilities[i]; });
  if (top_k > 0) order.resize(std::min(order.size(), static_cast<size_t>(top_k)));
  nlohmann::ordered_json scores = nlohmann::ordered_json::array();
  for (const size_t i : order) scores.push_back({{"label", labels[i]}, {"score", prediction.probabilities[i]}});
  const Decision& decision = prediction.decision;
  const auto name = [&](int32_t id) { return nlohmann::ordered_json(labels[static_cast<size_t>(id)]); };
  nlohmann::ordered_json decided = decision.label < 0 ? nlohmann::ordered_json() : name(decision.label);
  if (classifier.multi_label()) {
    decided = nlohmann::ordered_json::array();
    for (const int32_t id : decision.labels) decided.push_back(name(id));
  }
  return {{"label", name(decision.label < 0 ? decision.top : decision.label)},
          {"score", decision.score},
          {"confidence", decision.confidence},
          {"scores", scores},
          {"decision", decided},
          {"abstained", decision.abstained}};
}

/// For people: the label, how sure, and the text.
std::string AnswerLine(const BundleClassifier& classifier, const ClassifiedText& prediction, std::string_view text) {
  const Decision& decision = prediction.decision;
  std::string label = decision.label < 0 ? "(none)" : classifier.labels()[static_cast<size_t>(decision.label)];
  if (classifier.multi_label() && decision.labels.size() > 1) {
    label.clear();
    for (const int32_t id : decision.labels)
      label += (label.empty() ? "" : ",") + classifier.labels()[static_cast<size_t>(id)];
  }
  return fmt::format("{:<12} {:6.1f} %  {}\n", label, 100 * static_cast<double>(decision.confidence), Printable(text));
}

/// Collects texts and answers them a batch at a time, in order.
class Answerer {
 public:
  Answerer(const BundleClassifier& classifier, const ClassifyCommandOptions& options,
           std::function<Result<void>(std::string_view)> write)
      : classifier_(classifier), options_(options), write_(std::move(write)) {}

  Result<void> Take(std::string_view text) {
    texts_.emplace_back(text);
    return texts_.size() < static_cast<size_t>(options_.batch_size) ? Result<void>() : Flush();
  }

  Result<void> Flush() {
    TRY(CheckInterrupted());
    const std::vector<std::string_view> views(texts_.begin(), texts_.end());
    const bool segmented = !classifier_.manifest().text_template.empty();
    const auto predictions = TRY(classifier_.Classify(views, {.mode = options_.mode}, segmented));
    std::string lines;
    for (size_t i = 0; i < predictions.size(); ++i) {
      lines += options_.json || options_.output ? AnswerJson(classifier_, predictions[i], options_.top_k)
                                                          .dump(-1, ' ', false, Json::error_handler_t::replace) +
                                                      "\n"
                                                : AnswerLine(classifier_, predictions[i], texts_[i]);
    }
    texts_.clear();
    return write_(lines);
  }

 private:
  const BundleClassifier& classifier_;
  const ClassifyCommandOptions& options_;
  std::function<Result<void>(std::string_view)> write_;
  std::vector<std::string> texts_;
};

Result<void> AnswerAll(const BundleClassifier& classifier, const ClassifyCommandOptions& options,
                       const std::function<Result<void>(std::string_view)>& write) {
  Answerer answerer(classifier, options, write);
  for (const std::string& text : options.texts) TRY(answerer.Take(text));
  if (options.texts.empty()) {
    ReadOptions read;
    read.text_field = options.text_field;
    // A template needs fields, which plain lines do not have.
    if (options.input && *options.input != "-") read.template_text = classifier.manifest().text_template;
    ReadReport report;
    ProgressBar bar("classify", 0);
    TRY(ForEachText(options.input.value_or("-"), read, report, [&](std::string_view text, size_t) {
      bar.Advance();
      return answerer.Take(text);
    }));
    if (options.input) bar.Finish();
    for (const std::string& warning : report.warnings) LogWarning("{}", warning);
  }
  return answerer.Flush();
}

Result<void> Run(const ClassifyCommandOptions& options) {
  if (!options.texts.empty() && options.input) {
    return Fail(ErrorCode::kInvalidArgument, "texts on the command line and --input are two sources",
                "give one of them");
  }
  HandleInterrupts();
  ThreadPool pool(options.threads);
  const BundleClassifier classifier =
      TRY(BundleClassifier::Load(options.bundle, pool, options.weights, options.long_text));
  if (!options.output) return AnswerAll(classifier, options, Print);
  return WriteFileAtomically(*options.output, [&](const FileSink& sink) {
    return AnswerAll(classifier, options,
                     [&](std::string_view lines) { return sink(std::as_bytes(std::span(lines))); });
  });
}

}  // namespace

Command ClassifyCommand() {
  return MakeCommand<ClassifyCommandOptions>("classify", "Says which label each text has, and how sure that is.",
                                             Describe, Run);
}

}  // namespace winnow
