#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/environment.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "classify/answer_json.h"
#include "classify/bundle_classifier.h"
#include "classify/explain.h"
#include "cli/commands.h"
#include "cli/explanation.h"
#include "cli/output.h"
#include "cli/zero_shot_options.h"
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
  bool explain = false;
  std::optional<bool> fold_disguises;
  std::optional<std::string> zero_shot;
  ZeroShotDetails zero_shot_details;
  bool multi_label = false;
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
  table.Add("explain", &options.explain,
            "Show what each word does to the score: it is left out, and the text classified again, so a text takes the "
            "time of as many as it has words, up to 200");
  table.Add("batch-size", &options.batch_size, "Texts that are computed together").AtLeast(1);
  table.Group("Decision");
  table.AddChoice("mode", &options.mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Which of the model's thresholds decides");
  AddWeightsOption(options.weights, table);
  AddLongTextOption(options.long_text, table);
  AddFoldDisguisesOption(options.fold_disguises, table);
  table.Group("Without training");
  table
      .Add("zero-shot", &options.zero_shot,
           "Choose among these labels, divided by commas, instead of the model's own: BUNDLE is a model for natural "
           "language inference, which judges a hypothesis about each label")
      .ValueName("LABELS");
  table.Add("multi-label", &options.multi_label, "With --zero-shot: judge each label by itself; any number may apply");
  AddZeroShotDetails(options.zero_shot_details, table);
  table.Example("winnow classify spam 'You won a prize'", "one text");
  table.Example("winnow classify spam --input messages.txt --output answers.jsonl", "a file, a text a line");
  table.Example("winnow classify spam 'You won a prize' --explain", "which words it was");
  table.Example("winnow classify nli 'The fix is ready' --zero-shot 'spam,work,private'",
                "labels that no model was trained for");
}

/// What answers: a bundle's own labels, or those that it is asked about.
struct Answering {
  std::vector<std::string> labels;
  bool multi_label = false;
  std::string text_template;
  std::string scope_label = {};  // of texts that are none of the labels; empty where there is no such answer
  std::function<Result<std::vector<ClassifiedText>>(std::span<const std::string_view> texts,
                                                    const BundleClassifier::Progress& progress)>
      classify;
  std::function<Result<Explanation>(std::string_view text)> explain;  // empty: not asked for
};

/// For people: the label, how sure, and the text.
std::string AnswerLine(const Answering& answering, const ClassifiedText& prediction, std::string_view text) {
  const Decision& decision = prediction.decision;
  std::string label = decision.label < 0 ? "(none)" : answering.labels[static_cast<size_t>(decision.label)];
  if (answering.multi_label && decision.labels.size() > 1) {
    label.clear();
    for (const int32_t id : decision.labels)
      label += (label.empty() ? "" : ",") + answering.labels[static_cast<size_t>(id)];
  }
  if (prediction.out_of_scope) label = answering.scope_label + "?";
  return fmt::format("{:<12} {:6.1f} %  {}\n", label, 100 * static_cast<double>(decision.confidence), Printable(text));
}

/// Collects texts and answers them a batch at a time, in order.
class Answerer {
 public:
  /// `told` is told how many texts are answered.
  Answerer(const Answering& answering, const ClassifyCommandOptions& options,
           std::function<Result<void>(std::string_view)> write, std::function<void(size_t)> told)
      : answering_(answering), options_(options), write_(std::move(write)), told_(std::move(told)) {}

  Result<void> Take(std::string_view text) {
    texts_.emplace_back(text);
    return texts_.size() < static_cast<size_t>(options_.batch_size) ? Result<void>() : Flush();
  }

  Result<void> Flush() {
    TRY(CheckInterrupted());
    const std::vector<std::string_view> views(texts_.begin(), texts_.end());
    const auto predictions = TRY(answering_.classify(views, [&](size_t done) {
      told_(answered_ + done);
      return !Interrupted();
    }));
    answered_ += texts_.size();
    std::string lines;
    for (size_t i = 0; i < predictions.size(); ++i) {
      std::optional<Explanation> explanation;
      if (answering_.explain) explanation = TRY(answering_.explain(texts_[i]));
      if (options_.json || options_.output) {
        nlohmann::ordered_json answer = AnswerJson({answering_.labels, answering_.multi_label, answering_.scope_label},
                                                   predictions[i], static_cast<size_t>(options_.top_k));
        if (explanation) answer["explanation"] = ExplanationJson(*explanation, texts_[i]);
        lines += answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
      } else {
        lines += AnswerLine(answering_, predictions[i], texts_[i]);
        if (explanation) lines += ExplanationText(*explanation, texts_[i], UsesColour(STDOUT_FILENO));
      }
      if (!explanation) continue;
      TRY(CheckInterrupted());
      TRY(write_(lines));
      lines.clear();
    }
    texts_.clear();
    return write_(lines);
  }

 private:
  const Answering& answering_;
  const ClassifyCommandOptions& options_;
  std::function<Result<void>(std::string_view)> write_;
  std::function<void(size_t)> told_;
  size_t answered_ = 0;
  std::vector<std::string> texts_;
};

Result<void> AnswerAll(const Answering& answering, const ClassifyCommandOptions& options,
                       const std::function<Result<void>(std::string_view)>& write) {
  ProgressBar bar("classify", static_cast<int64_t>(options.texts.size()));
  Answerer answerer(answering, options, write, [&](size_t answered) { bar.Set(static_cast<int64_t>(answered)); });
  for (const std::string& text : options.texts) TRY(answerer.Take(text));
  if (options.texts.empty()) {
    ReadOptions read;
    read.text_field = options.text_field;
    // A template needs fields, which plain lines do not have.
    if (options.input && *options.input != "-") read.template_text = answering.text_template;
    ReadReport report;
    TRY(ForEachText(options.input.value_or("-"), read, report,
                    [&](std::string_view text, size_t) { return answerer.Take(text); }));
    TRY(answerer.Flush());
    if (options.input) bar.Finish();
    for (const std::string& warning : report.warnings) LogWarning("{}", warning);
  }
  return answerer.Flush();
}

Result<void> AnswerInto(const Answering& answering, const ClassifyCommandOptions& options) {
  if (!options.output) return AnswerAll(answering, options, Print);
  return WriteFileAtomically(*options.output, [&](const FileSink& sink) {
    return AnswerAll(answering, options, [&](std::string_view lines) { return sink(std::as_bytes(std::span(lines))); });
  });
}

Result<void> RunOwnLabels(const ClassifyCommandOptions& options, ThreadPool& pool) {
  const BundleClassifier classifier =
      TRY(BundleClassifier::Load(options.bundle, pool, options.weights, options.long_text, options.fold_disguises));
  const std::string& text_template = classifier.manifest().text_template;
  const ClassifyOptions classify{.mode = options.mode};
  const bool segmented = !text_template.empty();
  Answering answering{.labels = classifier.labels(),
                      .multi_label = classifier.multi_label(),
                      .text_template = text_template,
                      .scope_label = classifier.scope_rule() == nullptr ? "" : classifier.scope_rule()->label,
                      .classify =
                          [&](std::span<const std::string_view> texts, const BundleClassifier::Progress& progress) {
                            return classifier.Classify(texts, classify, segmented, progress);
                          },
                      .explain = {}};
  if (options.explain) {
    answering.explain = [&](std::string_view text) { return ExplainText(classifier, text, classify, segmented); };
  }
  return AnswerInto(answering, options);
}

Result<void> RunZeroShot(const ClassifyCommandOptions& options, ThreadPool& pool) {
  const auto classifier =
      TRY(ZeroShotClassifier::Load(options.bundle, pool,
                                   ZeroShotOptionsOf(options.zero_shot_details, SplitLabels(*options.zero_shot),
                                                     options.multi_label, options.weights)));
  return AnswerInto({.labels = classifier.labels(),
                     .multi_label = classifier.multi_label(),
                     .text_template = "",
                     .classify =
                         [&](std::span<const std::string_view> texts, const ZeroShotClassifier::Progress& progress) {
                           return classifier.Classify(texts, {.mode = options.mode}, progress);
                         },
                     .explain = {}},
                    options);
}

Result<void> Run(const ClassifyCommandOptions& options) {
  if (!options.texts.empty() && options.input) {
    return Fail(ErrorCode::kInvalidArgument, "texts on the command line and --input are two sources",
                "give one of them");
  }
  if (options.zero_shot && (options.explain || options.fold_disguises)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has no part in --zero-shot", options.explain ? "--explain" : "--fold-disguises"),
                "it is about a model's own labels: leave it out");
  }
  if (options.zero_shot && options.long_text) {
    return Fail(ErrorCode::kInvalidArgument, "--long-text has no part in --zero-shot, which reads a text's beginning",
                "leave it out");
  }
  if (!options.zero_shot) {
    TRY(RequireNoZeroShotDetails(options.zero_shot_details));
    if (options.multi_label) {
      return Fail(ErrorCode::kInvalidArgument, "--multi-label says something only with --zero-shot",
                  "a model itself knows whether any number of its labels may apply");
    }
  }
  HandleInterrupts();
  ThreadPool pool(options.threads);
  return options.zero_shot ? RunZeroShot(options, pool) : RunOwnLabels(options, pool);
}

}  // namespace

Command ClassifyCommand() {
  return MakeCommand<ClassifyCommandOptions>("classify", "Says which label each text has, and how sure that is.",
                                             Describe, Run);
}

}  // namespace winnow
