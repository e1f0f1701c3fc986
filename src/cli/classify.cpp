#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/environment.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "classify/answer_json.h"
#include "classify/bundle_classifier.h"
#include "classify/explain.h"
#include "cli/classify_options.h"
#include "cli/classify_remote.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/zero_shot_options.h"
#include "client/server_client.h"
#include "data/dataset.h"
#include "report/answer_lines.h"
#include "report/explanation_text.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

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

/// The decided label, or labels, as a line for people shows them.
std::string ShownLabel(const Answering& answering, const ClassifiedText& prediction) {
  const Decision& decision = prediction.decision;
  if (prediction.out_of_scope) return answering.scope_label + "?";
  if (!answering.multi_label || decision.labels.size() < 2) {
    return decision.label < 0 ? "" : answering.labels[static_cast<size_t>(decision.label)];
  }
  std::string label;
  for (const int32_t id : decision.labels)
    label += (label.empty() ? "" : ",") + answering.labels[static_cast<size_t>(id)];
  return label;
}

/// Where answers' lines go, and where is told how many texts are answered.
using Write = std::function<Result<void>(std::string_view)>;
using Told = std::function<void(size_t)>;

/// Takes texts, and writes their answers in the same order.
struct TextSink {
  std::function<Result<void>(std::string_view text)> take;
  std::function<Result<void>()> flush;
};

/// Collects texts and answers them a batch at a time, in order.
class Answerer {
 public:
  /// `told` is told how many texts are answered.
  Answerer(const Answering& answering, const ClassifyCommandOptions& options, Write write, Told told)
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
        Json answer = AnswerJson({answering_.labels, answering_.multi_label, answering_.scope_label}, predictions[i],
                                 static_cast<size_t>(options_.top_k));
        if (explanation) answer["explanation"] = ExplanationJson(*explanation, texts_[i]);
        lines += answer.dump() + "\n";
      } else {
        lines += AnswerLine(ShownLabel(answering_, predictions[i]),
                            static_cast<double>(predictions[i].decision.confidence), texts_[i]);
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
  Write write_;
  Told told_;
  size_t answered_ = 0;
  std::vector<std::string> texts_;
};

/// Without a template a text is what it is; with one, its segments are divided.
InputTextView View(std::string_view text, std::string_view text_template) {
  return text_template.empty() ? InputTextView(text) : InputTextView::OfJoined(text);
}

/// What is made for one run: it keeps what it is given.
using MakeSink = std::function<TextSink(Write write, Told told)>;

Result<void> AnswerAll(const MakeSink& make, const std::string& text_template, const ClassifyCommandOptions& options,
                       const Write& write) {
  ProgressBar bar("classify", static_cast<int64_t>(options.texts.size()));
  const TextSink sink = make(write, [&](size_t answered) { bar.Set(static_cast<int64_t>(answered)); });
  for (const std::string& text : options.texts) TRY(sink.take(text));
  if (!options.texts.empty()) return sink.flush();
  ReadOptions read;
  read.text_field = options.text_field;
  // A template needs fields, which plain lines do not have.
  if (options.input && *options.input != "-") read.template_text = text_template;
  ReadReport report;
  TRY(ForEachText(options.input.value_or("-"), read, report,
                  [&](std::string_view text, size_t) { return sink.take(text); }));
  TRY(sink.flush());
  if (options.input) bar.Finish();
  for (const std::string& warning : report.warnings) LogWarning("{}", warning);
  return {};
}

Result<void> AnswerInto(const MakeSink& make, const std::string& text_template, const ClassifyCommandOptions& options) {
  if (!options.output) return AnswerAll(make, text_template, options, Print);
  return WriteFileAtomically(*options.output, [&](const FileSink& sink) {
    return AnswerAll(make, text_template, options,
                     [&](std::string_view lines) { return sink(std::as_bytes(std::span(lines))); });
  });
}

Result<void> AnswerInto(const Answering& answering, const ClassifyCommandOptions& options) {
  const MakeSink make = [&](Write write, Told told) {
    const auto sink = std::make_shared<Answerer>(answering, options, std::move(write), std::move(told));
    return TextSink{.take = [sink](std::string_view text) { return sink->Take(text); },
                    .flush = [sink] { return sink->Flush(); }};
  };
  return AnswerInto(make, answering.text_template, options);
}

/// Empty where there is none.
Result<std::string> ApiKey(const ClassifyCommandOptions& options) {
  if (!options.api_key_file) return EnvironmentVariable("WINNOW_API_KEY").value_or("");
  const std::string text = TRY(ReadFile(*options.api_key_file));
  const std::string_view key = TrimAscii(text);
  if (key.empty()) {
    return Fail(ErrorCode::kInvalidData, options.api_key_file->string() + ": the file of the API key is empty");
  }
  return std::string(key);
}

Result<void> RunOnServer(const ClassifyCommandOptions& options) {
  const ServerAddress address = TRY(ServerAddress::Parse(*options.server));
  const std::string key = TRY(ApiKey(options));
  const bool odd = std::ranges::any_of(key, [](char c) { return c <= ' ' || c >= 0x7f; });
  if (odd) {
    return Fail(ErrorCode::kInvalidArgument, "the API key contains invalid characters",
                "the file must contain one API key on one line, not the hashes that the server reads");
  }
  if (!key.empty() && address.IsOpen()) {
    LogWarning("{}: the API key and the texts are sent without encryption; use https to protect them", address.shown);
  }
  RemoteClassifying classifying = {.server = {.access = {.address = address, .api_key = key, .stopped = Interrupted},
                                              .request = {.model = options.model.value_or(""),
                                                          .mode = options.mode,
                                                          .top_k = options.top_k,
                                                          .explain = options.explain},
                                              .batch_size = static_cast<size_t>(options.batch_size)},
                                   .json = options.json || options.output,
                                   .colour = UsesColour(STDOUT_FILENO)};
  // A wrong address is told soon; one that has answered may come back.
  ServerAccess first = classifying.server.access;
  first.unanswered_retries = 3;
  const std::vector<RemoteModelInfo> models = TRY(ServerClient(first).Models());
  const RemoteModelInfo* const model = TRY(FindModel(models, classifying.server.request.model, address));
  const std::string text_template = model == nullptr ? "" : model->text_template;
  const MakeSink make = [&](Write write, Told told) {
    const auto sink = std::make_shared<RemoteAnswerer>(classifying, std::move(write), std::move(told));
    return TextSink{
        .take = [sink, text_template](std::string_view text) { return sink->Take(View(text, text_template)); },
        .flush = [sink] { return sink->Flush(); }};
  };
  return AnswerInto(make, text_template, options);
}

Result<void> RunOwnLabels(const ClassifyCommandOptions& options, ThreadPool& pool) {
  const BundleClassifier classifier =
      TRY(BundleClassifier::Load(*options.bundle, pool, options.weights, options.long_text, options.fold_disguises));
  const std::string& text_template = classifier.manifest().text_template;
  const ClassifyOptions classify{.mode = options.mode};
  Answering answering{.labels = classifier.labels(),
                      .multi_label = classifier.multi_label(),
                      .text_template = text_template,
                      .scope_label = classifier.scope_rule() == nullptr ? "" : classifier.scope_rule()->label,
                      .classify =
                          [&](std::span<const std::string_view> texts, const BundleClassifier::Progress& progress) {
                            std::vector<InputTextView> views;
                            for (const std::string_view text : texts) views.push_back(View(text, text_template));
                            return classifier.Classify(views, classify, progress);
                          },
                      .explain = {}};
  if (options.explain) {
    answering.explain = [&](std::string_view text) {
      return ExplainText(classifier, View(text, text_template), classify);
    };
  }
  return AnswerInto(answering, options);
}

Result<void> RunZeroShot(const ClassifyCommandOptions& options, ThreadPool& pool) {
  const auto classifier =
      TRY(ZeroShotClassifier::Load(*options.bundle, pool,
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

Result<void> Run(const ClassifyCommandOptions& given) {
  ClassifyCommandOptions options = given;
  TRY(SettleClassify(options));
  HandleInterrupts();
  if (options.server) return RunOnServer(options);
  ThreadPool pool(options.threads);
  return options.zero_shot ? RunZeroShot(options, pool) : RunOwnLabels(options, pool);
}

}  // namespace

Command ClassifyCommand() {
  return MakeCommand<ClassifyCommandOptions>("classify", "Classifies texts.", DescribeClassify, Run);
}

}  // namespace winnow
