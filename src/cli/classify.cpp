#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/environment.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/streams.h"
#include "classify/bundle_classifier.h"
#include "classify/explain.h"
#include "classify/prediction_json.h"
#include "cli/api_key.h"
#include "cli/classify_options.h"
#include "cli/classify_remote.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/output.h"
#include "cli/text_report.h"
#include "cli/zero_shot_options.h"
#include "client/server_client.h"
#include "data/dataset.h"
#include "data/fasttext.h"
#include "mail/mail_files.h"
#include "pipeline/base_model.h"
#include "report/explanation_text.h"
#include "report/prediction_lines.h"
#include "text/input_text.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// A model that classifies texts, by its own labels or by candidate labels.
class TextPredictor {
 public:
  virtual ~TextPredictor() = default;
  virtual PredictionLabels labels() const = 0;
  virtual Result<std::vector<ClassifiedText>> Classify(std::span<const std::string> texts,
                                                       const BundleClassifier::Progress& progress) const = 0;
  virtual Result<Explanation> Explain(std::string_view text) const = 0;
};

/// Returns a view of a text, whose segments are divided if there is a template.
InputTextView View(std::string_view text, std::string_view text_template) {
  return text_template.empty() ? InputTextView(text) : InputTextView::OfJoined(text);
}

/// A bundle with its own labels.
class BundlePredictor final : public TextPredictor {
 public:
  BundlePredictor(const BundleClassifier& classifier, const ClassifyOptions& options)
      : classifier_(classifier), options_(options) {}

  PredictionLabels labels() const override {
    const ScopeRule* const scope = classifier_.scope_rule();
    return {classifier_.labels(), classifier_.multi_label(),
            scope == nullptr ? std::string_view() : std::string_view(scope->label)};
  }
  Result<std::vector<ClassifiedText>> Classify(std::span<const std::string> texts,
                                               const BundleClassifier::Progress& progress) const override {
    std::vector<InputTextView> views;
    for (const std::string& text : texts) views.push_back(View(text, classifier_.manifest().text_template));
    return classifier_.Classify(views, options_, progress);
  }
  Result<Explanation> Explain(std::string_view text) const override {
    return ExplainText(classifier_, View(text, classifier_.manifest().text_template), options_);
  }

 private:
  const BundleClassifier& classifier_;
  const ClassifyOptions options_;
};

/// A natural language inference model with candidate labels.
class ZeroShotPredictor final : public TextPredictor {
 public:
  ZeroShotPredictor(const ZeroShotClassifier& classifier, const ClassifyOptions& options)
      : classifier_(classifier), options_(options) {}

  PredictionLabels labels() const override { return {classifier_.labels(), classifier_.multi_label()}; }
  Result<std::vector<ClassifiedText>> Classify(std::span<const std::string> texts,
                                               const BundleClassifier::Progress& progress) const override {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return classifier_.Classify(views, options_, progress);
  }
  Result<Explanation> Explain(std::string_view) const override {
    return Fail(ErrorCode::kUnsupported, "zero-shot predictions cannot be explained");
  }

 private:
  const ZeroShotClassifier& classifier_;
  const ClassifyOptions options_;
};

char DelimiterOf(PredictionFormat format) { return format == PredictionFormat::kTsv ? '\t' : ','; }

/// Collects texts and classifies them a batch at a time, in order.
class LocalTextSink final : public TextSink {
 public:
  /// The arguments must outlive the sink.
  LocalTextSink(const TextPredictor& predictor, const ClassifyCommandOptions& options, PredictionOutput& output)
      : predictor_(predictor), options_(options), output_(output) {}

  Result<void> Take(std::string_view text, size_t row) override {
    texts_.emplace_back(text);
    rows_.push_back(row);
    return texts_.size() < static_cast<size_t>(options_.batch_size) ? Result<void>() : Flush();
  }

  Result<void> Flush() override {
    TRY(CheckInterrupted());
    const auto predictions = TRY(predictor_.Classify(texts_, [&](size_t done) {
      output_.SetClassified(classified_ + done);
      return !Interrupted();
    }));
    classified_ += texts_.size();
    std::string lines;
    for (size_t i = 0; i < predictions.size(); ++i) {
      lines += TRY(LinesOf(predictions[i], texts_[i], rows_[i]));
      if (!options_.explain) continue;
      TRY(CheckInterrupted());
      TRY(output_.Write(lines));
      lines.clear();
    }
    texts_.clear();
    rows_.clear();
    return output_.Write(lines);
  }

 private:
  Result<std::string> LinesOf(const ClassifiedText& prediction, const std::string& text, size_t row) const {
    std::optional<Explanation> explanation;
    if (options_.explain) explanation = TRY(predictor_.Explain(text));
    const PredictionLabels labels = predictor_.labels();
    const PredictionFormat format = FormatOf(options_);
    const bool as_json = format != PredictionFormat::kText;
    Json json = PredictionJson(labels, prediction, as_json ? static_cast<size_t>(options_.top_k.value_or(0)) : 0);
    if (format == PredictionFormat::kCsv || format == PredictionFormat::kTsv) {
      return PredictionTableRow(json, text, row, DelimiterOf(format));
    }
    if (as_json) {
      if (row > 0) json["row"] = row;
      if (explanation) json["explanation"] = ExplanationJson(*explanation, text);
      return json.dump() + "\n";
    }
    std::string lines = TRY(PredictionLineOf(json, text, options_.top_k));
    if (explanation) lines += ExplanationText(*explanation, text, UsesColour(STDOUT_FILENO), DecidedLabel(json));
    return lines;
  }

  const TextPredictor& predictor_;
  const ClassifyCommandOptions& options_;
  PredictionOutput& output_;
  size_t classified_ = 0;
  std::vector<std::string> texts_;
  std::vector<size_t> rows_;
};

/// Standard output or a file, and a progress bar.
class ClassifyOutput final : public PredictionOutput {
 public:
  explicit ClassifyOutput(size_t texts) : bar_("classify", static_cast<int64_t>(texts)) {}

  /// Writes to `file`, which must outlive the writing, instead of standard output.
  void WriteTo(const FileSink& file) { file_ = &file; }
  Result<void> Write(std::string_view lines) override {
    return file_ == nullptr ? Print(lines) : (*file_)(std::as_bytes(std::span(lines)));
  }
  void SetClassified(size_t texts) override { bar_.Set(static_cast<int64_t>(texts)); }
  void Finish() { bar_.Finish(); }

 private:
  ProgressBar bar_;
  const FileSink* file_ = nullptr;
};

/// Errors: kInvalidData, with the rows named, if a file contains rows that cannot be read. Reads the whole file, so
/// that nothing is classified in vain. Standard input and pipes, which cannot be read twice, are not checked.
Result<void> CheckRows(const std::filesystem::path& file, const ReadOptions& read) {
  if (!CanBeReadTwice(file)) return {};
  ReadReport report;
  TRY(ForEachText(file, read, report, [](std::string_view, size_t) { return CheckInterrupted(); }));
  const size_t unreadable = report.Dropped(DropReason::kUnreadable);
  if (unreadable == 0) return {};
  std::string message =
      fmt::format("{}: {} of {} rows are unreadable:", report.files[0].file, unreadable, report.rows());
  for (const std::string& example : report.examples) message += "\n  " + example;
  return Fail(ErrorCode::kInvalidData, message,
              "correct these rows, or specify --skip-bad-rows to leave out rows that cannot be read");
}

/// Returns the range [begin, end) of the texts in the file that are classified.
Result<std::pair<size_t, size_t>> RangeOf(const ClassifyCommandOptions& options, const std::filesystem::path& file,
                                          const ReadOptions& read) {
  constexpr std::pair<size_t, size_t> kAll = {0, std::numeric_limits<size_t>::max()};
  if (!options.shard) return kAll;
  const Shard shard = TRY(ParseShard(*options.shard));
  ReadReport report;
  size_t texts = 0;
  TRY(ForEachText(
      file, read, report,
      [&](std::string_view, size_t) {
        ++texts;
        return CheckInterrupted();
      },
      options.skip_bad_rows ? BadRows::kSkip : BadRows::kRefuse));
  const auto [begin, end] = shard.RangeOf(texts);
  LogInfo("part {} of {}: {} of {} texts", shard.index, shard.count, FormatCount(static_cast<int64_t>(end - begin)),
          FormatCount(static_cast<int64_t>(texts)));
  return std::pair(begin, end);
}

/// Warns if plain lines were those of a message of mail, each of which has got a prediction.
void WarnOfMail(const ReadReport& report, std::string_view first_lines) {
  const bool lines =
      std::ranges::all_of(report.files, [](const FileReport& file) { return file.description == kPlainLines; });
  if (!lines || !BeginsLikeMail(first_lines)) return;
  LogWarning(
      "the input looks like a message of mail, and each of its lines was classified; 'winnow filter' reads mail, and "
      "'winnow data import' makes texts of it");
}

/// Passes the texts of the command line or of the input file to the sink.
Result<void> ClassifyTexts(const ClassifyCommandOptions& options, const std::string& text_template, TextSink& sink,
                           ClassifyOutput& output) {
  for (const std::string& text : options.texts) TRY(sink.Take(WithoutSeparators(text), /*row=*/0));
  if (!options.texts.empty()) return sink.Flush();
  constexpr size_t kMostFirstLines = 8192;  // bytes
  const std::filesystem::path file = options.input.value_or("-");
  const ReadOptions read{.text_field = options.text_field, .template_text = text_template, .format = options.format};
  if (!options.skip_bad_rows) TRY(CheckRows(file, read));
  const auto [begin, end] = TRY(RangeOf(options, file, read));
  ReadReport report;
  size_t next = 0;
  std::string first_lines;
  TRY(ForEachText(
      file, read, report,
      [&, begin = begin, end = end](std::string_view text, size_t row) {
        const size_t at = next++;
        if (first_lines.size() < kMostFirstLines) first_lines.append(text).append("\n");
        return at >= begin && at < end ? sink.Take(text, row) : Result<void>();
      },
      options.skip_bad_rows ? BadRows::kSkip : BadRows::kRefuse));
  TRY(sink.Flush());
  if (options.input) output.Finish();
  LogTextReportOfAnswers(report);
  if (options.format.format.empty()) WarnOfMail(report, first_lines);
  return {};
}

/// Calls ClassifyTexts; the predictions go to the file of --output if it is specified.
Result<void> ClassifyToOutput(const ClassifyCommandOptions& options, const std::string& text_template, TextSink& sink,
                              ClassifyOutput& output) {
  if (!options.output) return ClassifyTexts(options, text_template, sink, output);
  return WriteOutputFile(*options.output, [&](const FileSink& file) -> Result<void> {
    output.WriteTo(file);
    const PredictionFormat format = FormatOf(options);
    if (format != PredictionFormat::kJsonLines) TRY(output.Write(PredictionTableHeader(DelimiterOf(format))));
    return ClassifyTexts(options, text_template, sink, output);
  });
}

Result<void> RunOnServer(const ClassifyCommandOptions& options) {
  const ServerAddress address = TRY(ServerAddress::Parse(*options.server));
  const std::string key = TRY(ReadApiKey(options.api_key_file));
  WarnOfOpenKey(key, address, "texts");
  const bool as_text = FormatOf(options) == PredictionFormat::kText;
  RemoteClassifying classifying = {.server = {.access = {.address = address, .api_key = key, .stopped = Interrupted},
                                              .request = {.model = options.model.value_or(""),
                                                          .mode = options.mode,
                                                          .threshold = options.threshold,
                                                          .top_k = as_text ? 0 : options.top_k.value_or(0),
                                                          .explain = options.explain},
                                              .batch_size = static_cast<size_t>(options.batch_size)},
                                   .json = !as_text,
                                   .top_k = options.top_k,
                                   .delimiter = FormatOf(options) == PredictionFormat::kCsv   ? ','
                                                : FormatOf(options) == PredictionFormat::kTsv ? '\t'
                                                                                              : '\0',
                                   .colour = UsesColour(STDOUT_FILENO)};
  // A wrong address is told soon; one that has answered may come back.
  ServerAccess first = classifying.server.access;
  first.unanswered_retries = 3;
  const std::vector<RemoteModelInfo> models = TRY(ServerClient(first).Models());
  const RemoteModelInfo* const model = TRY(FindModel(models, classifying.server.request.model, address));
  const std::string text_template = model == nullptr ? "" : model->text_template;
  ClassifyOutput output(options.texts.size());
  RemoteTextSink sink(classifying, text_template, output);
  return ClassifyToOutput(options, text_template, sink, output);
}

Result<void> RunOwnLabels(const ClassifyCommandOptions& options, ThreadPool& pool) {
  ConsoleObserver observer;
  const BundleClassifier classifier = TRY(BundleClassifier::Load(
      TRY(FindModel(*options.bundle, observer)), pool, options.weights, options.long_text, options.fold_disguises));
  const ClassifyOptions classify = TRY(DecideBy(options.mode, options.threshold));
  TRY(classifier.CheckOptions(classify));
  TRY(classifier.CheckMode(classify.mode));
  const BundlePredictor predictor(classifier, classify);
  ClassifyOutput output(options.texts.size());
  LocalTextSink sink(predictor, options, output);
  return ClassifyToOutput(options, classifier.manifest().text_template, sink, output);
}

Result<void> RunZeroShot(const ClassifyCommandOptions& options, ThreadPool& pool) {
  ConsoleObserver observer;
  const std::filesystem::path directory = TRY(PullBaseModel(*options.bundle, observer));
  observer.FinishWork();
  const auto classifier =
      TRY(ZeroShotClassifier::Load(directory, pool,
                                   ZeroShotOptionsOf(options.zero_shot_details, SplitLabels(*options.zero_shot),
                                                     options.multi_label, options.weights)));
  const ZeroShotPredictor predictor(classifier, TRY(DecideBy(options.mode, options.threshold)));
  ClassifyOutput output(options.texts.size());
  LocalTextSink sink(predictor, options, output);
  return ClassifyToOutput(options, /*text_template=*/"", sink, output);
}

Result<void> Run(const ClassifyCommandOptions& given) {
  ClassifyCommandOptions options = given;
  TRY(CompleteClassifyOptions(options));
  for (const std::string& line : TextsThatNameFiles(options.texts)) LogWarning("{}", line);
  for (const std::string& line : ClassifyOptionsWithoutEffect(options)) LogWarning("{}", line);
  HandleInterrupts();
  if (options.output) {
    std::vector<std::filesystem::path> inputs;
    if (options.texts.empty()) inputs.push_back(options.input.value_or("-"));
    TRY(CheckOutputFile(*options.output, inputs));
  }
  if (options.server) return RunOnServer(options);
  ThreadPool pool(options.threads);
  return options.zero_shot ? RunZeroShot(options, pool) : RunOwnLabels(options, pool);
}

}  // namespace

Command ClassifyCommand() {
  return MakeCommand<ClassifyCommandOptions>("classify", "Classifies texts.", DescribeClassify, Run);
}

}  // namespace winnow
