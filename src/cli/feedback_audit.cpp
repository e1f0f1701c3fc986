#include <fmt/format.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/feedback_options.h"
#include "cli/output.h"
#include "feedback/verdict_samples.h"

namespace winnow {
namespace {

struct FeedbackAuditOptions : FeedbackOptions {
  int64_t number = 0;
  std::string action, label, by, spam_label = "spam", model_version, since;
};

void Describe(FeedbackAuditOptions& options, OptionTable& table) {
  table
      .AddPositional("action", &options.action,
                     "next: print the number and the text of the drawn message that has waited longest; label: store "
                     "the label of the message --number; report: estimate the rates of all verdicts")
      .ValueName("next|label|report")
      .OneOf({"next", "label", "report"})
      .Required();
  AddStoreOption(options, table);
  table.Add("number", &options.number, "Number of the message, as next prints it").AtLeast(1).Default("none");
  table.Add("label", &options.label, "The correct label, such as spam or ham").ValueName("LABEL");
  table.Add("by", &options.by, "Name of the person who labels").ValueName("NAME");
  table.Group("Report");
  table.Add("spam-label", &options.spam_label, "Label that counts as spam; all other labels count as ham")
      .ValueName("LABEL");
  table.Add("model-version", &options.model_version, "Verdicts of this version of the model").ValueName("VERSION");
  table.Add("since", &options.since, "Verdicts at or after this time, in UTC").ValueName("TIME");
  table.Describe(
      "'winnow serve --audit-one-in N' draws verdicts at random, with a known probability for each range of scores. A "
      "person labels the drawn messages without seeing the verdict. The rates of all verdicts are estimated from those "
      "that have a label, each weighted with the inverse of its probability, with confidence intervals of 95 %. This "
      "shows false positives that nobody complains about.");
  table.Example("winnow feedback audit next --store sqlite:store.db", "the next message to label");
  table.Example("winnow feedback audit label --store sqlite:store.db --number 7 --label ham --by anna", "its label");
  table.Example("winnow feedback audit report --store sqlite:store.db", "false-positive rate and others");
}

Result<void> PrintNext(Store& store, bool json) {
  const auto waiting = TRY(store.ListVerdictSamples({.labelled = false, .limit = 1}));
  if (waiting.empty()) {
    LogInfo("{}: no message waits for a label", store.name());
    return json ? Print("{}\n") : Result<void>();
  }
  const StoredVerdictSample& next = waiting.front();
  if (json) return Print(DumpJsonLine(Json{{"number", next.id}, {"text", next.sample.text}}) + "\n");
  return Print(fmt::format("number {}\n\n{}\n", next.id, next.sample.text));
}

Result<void> StoreLabel(Store& store, const FeedbackAuditOptions& options) {
  if (options.number == 0 || options.label.empty() || options.by.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "'winnow feedback audit label' requires --number, --label and --by",
                "the number is printed by 'winnow feedback audit next'");
  }
  TRY(store.LabelVerdictSample(options.number, options.label, options.by));
  TRY(store.AppendAudit({.actor = options.by,
                         .action = "feedback.audit",
                         .subject = std::to_string(options.number),
                         .details = Json{{"label", options.label}}.dump()}));
  if (options.json) return Print(Json{{"number", options.number}, {"label", options.label}}.dump() + "\n");
  LogInfo("{}: the message {} has the label {}", store.name(), options.number, options.label);
  return {};
}

Json RateJson(const EstimatedRate& rate) {
  return {{"rate", rate.verdicts == 0 ? Json(nullptr) : Json(rate.rate)},
          {"interval", {rate.low, rate.high}},
          {"verdicts", rate.verdicts}};
}

std::string RateLine(std::string_view name, const EstimatedRate& rate) {
  if (rate.verdicts == 0) return fmt::format("{:<36} no labelled verdict\n", name);
  return fmt::format("{:<36} {:>7.3f} %  (95 %: {:.3f} to {:.3f} %; {} verdicts)\n", name, 100 * rate.rate,
                     100 * rate.low, 100 * rate.high, rate.verdicts);
}

Result<void> PrintReport(Store& store, const FeedbackAuditOptions& options) {
  VerdictSampleFilter filter{.since = TRY(ParseTimeOption("since", options.since))};
  if (!options.model_version.empty()) filter.model_version = options.model_version;
  const VerdictRates rates = EstimateRates(TRY(ReadVerdictSamples(store, filter)), options.spam_label);
  if (options.json) {
    return Print(Json{{"labelled", rates.labelled},
                      {"waiting", rates.waiting},
                      {"false_positive_rate", RateJson(rates.false_positives)},
                      {"false_negative_rate", RateJson(rates.false_negatives)},
                      {"false_discovery_rate", RateJson(rates.wrong_spam)},
                      {"positives", RateJson(rates.spam)}}
                     .dump(2) +
                 "\n");
  }
  return Print(
      fmt::format("{} verdicts are labelled, {} wait for a label\n", rates.labelled, rates.waiting) +
      RateLine("false-positive rate", rates.false_positives) + RateLine("false-negative rate", rates.false_negatives) +
      RateLine("messages judged spam that are not", rates.wrong_spam) + RateLine("messages that are spam", rates.spam));
}

Result<void> Run(const FeedbackAuditOptions& options) {
  const std::unique_ptr<Store> store = TRY(OpenExistingStore(options.store));
  if (options.action == "next") return PrintNext(*store, options.json);
  if (options.action == "label") return StoreLabel(*store, options);
  return PrintReport(*store, options);
}

}  // namespace

Command FeedbackAuditCommand() {
  return MakeCommand<FeedbackAuditOptions>(
      "feedback audit", "Labels verdicts that were drawn at random, and estimates error rates.", Describe, Run);
}

}  // namespace winnow
