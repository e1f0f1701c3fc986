#include "cli/scope.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/progress.h"
#include "cli/output.h"
#include "evaluate/text_table.h"

namespace winnow {
namespace {

Result<std::vector<std::string>> ReadOutside(const BundleClassifier& classifier,
                                             std::span<const std::filesystem::path> files) {
  ReadOptions read;
  read.template_text = classifier.manifest().text_template;
  std::vector<std::string> texts;
  for (const std::filesystem::path& file : files) {
    std::vector<std::string> more = TRY(ReadTexts(file, read));
    for (std::string& text : more) {
      if (text.find_first_not_of(" \t\r\n") != std::string::npos) texts.push_back(std::move(text));
    }
  }
  if (!files.empty() && texts.empty()) {
    return Fail(ErrorCode::kInvalidData, "--out-of-scope: " + files.front().string() + " holds no texts");
  }
  return texts;
}

/// Texts that ReadOutside has read, with the segments that the model's template divides them into.
std::vector<InputTextView> ReadViews(std::span<const std::string> texts) {
  std::vector<InputTextView> views;
  for (const std::string& text : texts) views.push_back(InputTextView::OfJoined(text));
  return views;
}

/// Of each text's first window: of one that is out of scope any part will do.
Result<std::vector<float>> LogitsOfTexts(const BundleClassifier& classifier, std::span<const std::string> texts) {
  const std::vector<InputTextView> views = ReadViews(texts);
  TokenizedTexts tokens;
  ProgressBar bar("out of scope", static_cast<int64_t>(texts.size()));
  const std::vector<float> windows = TRY(classifier.Logits(views, tokens, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  const size_t labels = classifier.labels().size();
  std::vector<float> logits;
  for (size_t t = 0; t < texts.size(); ++t) {
    const auto row = windows.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(tokens.begins[t]) * labels);
    logits.insert(logits.end(), row, row + static_cast<ptrdiff_t>(labels));
  }
  return logits;
}

Json FiguresJson(const ScopeMethodFigures& figures) {
  return {{"method", NameOf(figures.method)},
          {"auroc", figures.auroc ? Json(*figures.auroc) : Json()},
          {"rejected", figures.rejected ? Json(*figures.rejected) : Json()}};
}

struct Classified {
  std::vector<float> scores;
  std::vector<int32_t> labels;
};

Result<Classified> ClassifyAll(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                               const ClassifyOptions& options) {
  ProgressBar bar("evaluate", static_cast<int64_t>(texts.size()));
  const auto answers = TRY(classifier.Classify(texts, options, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  Classified classified;
  for (const ClassifiedText& answer : answers) {
    classified.scores.push_back(answer.scope_score.value_or(0));
    classified.labels.push_back(answer.decision.label);
  }
  return classified;
}

}  // namespace

void AddScopeOptions(ScopeOptions& options, OptionTable& table) {
  table.Group("Out of scope");
  table
      .Add("out-of-scope", &options.outside,
           "Texts that are none of the labels, to choose by when the model says so; like those that it will meet")
      .ValueName("FILE");
  table.Add("in-scope-only", &options.in_scope_only, "Choose that without such texts, by the texts in scope alone");
  table
      .Add("max-rejected", &options.max_rejected,
           "At most this share of the texts in scope is called out of scope, with --confidence")
      .MoreThan(0)
      .Range(0, 0.999);
  table
      .AddChoice("scope-method", &options.method,
                 {{"max_probability", ScopeMethod::kMaxProbability},
                  {"energy", ScopeMethod::kEnergy},
                  {"distance", ScopeMethod::kDistance}},
                 "What tells: a low highest probability, low logits, or the distance to the labels' means")
      .Default("the one that tells them apart best");
  table.Add("scope-label", &options.label, "What such texts are called").ValueName("NAME");
  table.Add("no-out-of-scope", &options.remove, "Forget it: each text gets one of the labels again");
}

Result<ScopeReport> CalibrateScope(const BundleClassifier& classifier, const Dataset& held_out,
                                   std::span<const float> logits, const std::string& source, double confidence,
                                   const ScopeOptions& options) {
  if (classifier.multi_label()) {
    return Fail(ErrorCode::kInvalidArgument, "--out-of-scope is for models of one label a text",
                "this one may decide for none of its labels as it is");
  }
  if (std::ranges::find(classifier.labels(), options.label) != classifier.labels().end() || options.label.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--scope-label '{}' must be a name that is none of the model's labels", options.label));
  }
  std::vector<int32_t> truth;
  for (const Example& example : held_out.examples) truth.push_back(example.labels.front());
  const std::vector<std::string> texts = TRY(ReadOutside(classifier, options.outside));
  const std::vector<float> outside = TRY(LogitsOfTexts(classifier, texts));
  ScopeFit fit =
      TRY(FitScope(logits, truth, outside, classifier.labels().size(),
                   {.method = options.method, .max_rejected = options.max_rejected, .confidence = confidence}));
  fit.rule.label = options.label;
  fit.rule.source = source;
  fit.rule.weights = classifier.weights();

  ScopeReport report{.rule = std::move(fit.rule), .text = {}, .json = {}, .notes = std::move(fit.notes)};
  const ScopeRule& rule = report.rule;
  TextTable table;
  table.Add({"out of scope", "AUROC", "noticed", ""});
  Json methods = Json::array();
  for (const ScopeMethodFigures& figures : fit.methods) {
    table.Add({std::string(NameOf(figures.method)), FigureText(figures.auroc), FigureText(figures.rejected),
               figures.method == rule.method ? "<- chosen" : ""});
    methods.push_back(FiguresJson(figures));
  }
  report.text = table.Text() + fmt::format(
                                   "  of the texts in scope at most {:g} are called {}, with {:g} % confidence "
                                   "({} texts chose the threshold)\n",
                                   rule.max_rejected, rule.label, 100 * rule.confidence, rule.texts);
  report.json = {{"label", rule.label},
                 {"method", NameOf(rule.method)},
                 {"threshold", rule.threshold},
                 {"max_rejected", rule.max_rejected},
                 {"confidence", rule.confidence},
                 {"texts", rule.texts},
                 {"outside_texts", rule.outside_texts},
                 {"auroc", rule.auroc ? Json(*rule.auroc) : Json()},
                 {"methods", methods},
                 {"notes", report.notes}};
  return report;
}

Result<void> RunScopeEvaluation(const BundleClassifier& classifier, const Dataset& inside,
                                std::span<const std::filesystem::path> outside, const ClassifyOptions& classify,
                                bool json) {
  const ScopeRule* const rule = classifier.scope_rule();
  if (rule == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "the model does not tell what is out of scope",
                "choose when it shall: winnow calibrate BUNDLE DATA --out-of-scope FILE");
  }
  const std::vector<std::string> outside_texts = TRY(ReadOutside(classifier, outside));
  const Classified in = TRY(ClassifyAll(classifier, InputTexts(inside), classify));
  const Classified out = TRY(ClassifyAll(classifier, ReadViews(outside_texts), classify));
  std::vector<char> right;
  for (size_t t = 0; t < inside.examples.size(); ++t) {
    right.push_back(in.labels[t] == inside.examples[t].labels.front() ? 1 : 0);
  }
  const ScopeMetrics metrics = MeasureScope(*rule, in.scores, right, out.scores);
  if (json) {
    const Json document = {{"count", metrics.texts},
                           {"outside_count", metrics.outside_texts},
                           {"method", NameOf(rule->method)},
                           {"label", rule->label},
                           {"auroc", metrics.auroc ? Json(*metrics.auroc) : Json()},
                           {"rejected", metrics.rejected},
                           {"outside_rejected", metrics.outside_rejected},
                           {"accuracy", metrics.accuracy},
                           {"accuracy_kept", metrics.accuracy_kept},
                           {"accuracy_all", metrics.accuracy_all}};
    return Print(document.dump(2) + "\n");
  }
  return Print(
      fmt::format("{} texts in scope, {} out of scope, told apart by {}\n\n"
                  "  AUROC                                {}\n"
                  "  out of scope, and called {:<12} {:.4f}\n"
                  "  in scope, and called so all the same {:.4f}\n"
                  "  accuracy in scope, before            {:.4f}\n"
                  "  accuracy of those that are kept      {:.4f}\n"
                  "  accuracy of all, {:<12} a label {:.4f}\n",
                  metrics.texts, metrics.outside_texts, NameOf(rule->method), FigureText(metrics.auroc), "so",
                  metrics.outside_rejected, metrics.rejected, metrics.accuracy, metrics.accuracy_kept, "it being",
                  metrics.accuracy_all));
}

}  // namespace winnow
