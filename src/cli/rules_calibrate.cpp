#include <fmt/format.h>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "classify/bundle_classifier.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/output.h"
#include "feedback/verdict_samples.h"
#include "filter/filter_model.h"
#include "filter/fit_weights.h"
#include "filter/must_pass.h"
#include "filter/rules_weights.h"
#include "filter/sender.h"
#include "pipeline/base_model.h"
#include "server/filter_service.h"

namespace winnow {
namespace {

struct RulesCalibrateOptions : CommonOptions {
  std::filesystem::path model;
  std::vector<std::filesystem::path> messages;
  std::filesystem::path rules;
  std::string store;
  std::filesystem::path output;
  bool dry_run = false;
  Weights weights = Weights::kAuto;
};

void Describe(RulesCalibrateOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.model, "Directory of a model, or the name of a pulled one")
      .ValueName("MODEL")
      .Required();
  table
      .AddPositional(
          "messages", &options.messages,
          "Files of messages that people have labelled, in the form of a must-pass list: JSON lines with text, "
          "label (spam or ham), and perhaps sender and subject")
      .ValueName("FILE");
  table.Add("rules", &options.rules, "File of rules (TOML), or 'none' for no rules")
      .ValueName("FILE")
      .Default("the built-in rules");
  table
      .Add("store", &options.store,
           "Store whose blind labels ('winnow feedback audit') are used too, with the reputation of senders")
      .ValueName("URL");
  table
      .Add("output", &options.output,
           "File of rules to write; with the built-in rules, a copy of them with the weights")
      .ValueName("FILE.toml")
      .Short('o')
      .Default("the file of --rules");
  table.Add("dry-run", &options.dry_run, "Print the weights, and write nothing");
  AddWeightsOption(options.weights, table);
  AddTrustOptions(options, table);
  table.Describe(
      "Fits the weights of the model, of the rules and of the sender's score to messages that people have labelled, by "
      "logistic regression, so that the score of the whole filter is a calibrated probability. The weights go into the "
      "section [weights] of the file of rules, which 'winnow filter' and 'winnow serve --filter' read. They are written only if "
      "the log-loss is lower than before in a cross-validation, in which each message is scored by weights that were fitted to "
      "other messages. Messages that a list of senders decides, or that rules decide alone, are left out.");
  table.Example("winnow rules calibrate spam labelled.jsonl --rules my.toml", "fit, and write [weights] into my.toml");
  table.Example("winnow rules calibrate spam --store sqlite:store.db --rules my.toml --dry-run",
                "what the blind labels of a store would give");
}

/// A labelled message, and the number of messages that it stands for.
struct LabelledMessage {
  FilterMessage message = {};
  bool spam = false;
  double count = 1;
};

/// Adds the messages of the store that people have labelled without seeing the verdict. Returns their number.
Result<size_t> AddBlindLabels(Store& store, std::vector<LabelledMessage>& messages) {
  size_t added = 0;
  // Of all samples, since the share of them that is labelled differs between the ranges of scores.
  for (const StoredVerdictSample& stored : LabelledVerdicts(TRY(ReadVerdictSamples(store)))) {
    const VerdictSample& sample = stored.sample;
    const bool spam = sample.label == "spam";
    if (!spam && sample.label != "ham") continue;
    LabelledMessage labelled{.spam = spam, .count = 1 / std::max(sample.probability, 1e-6)};
    labelled.message.text = sample.text;
    if (const auto known = TRY(store.FindMessage(sample.message_id))) {
      labelled.message.sender = known->message.sender.value_or("");
      labelled.message.user = known->message.user_id.value_or("");
    }
    messages.push_back(std::move(labelled));
    ++added;
  }
  return added;
}

Result<std::vector<LabelledMessage>> ReadMessages(const RulesCalibrateOptions& options) {
  std::vector<LabelledMessage> messages;
  for (const std::filesystem::path& file : options.messages) {
    for (MustPassCase& each : TRY(ReadMustPass(file))) {
      messages.push_back({.message = std::move(each.message), .spam = each.spam});
    }
  }
  if (!options.store.empty()) {
    const std::unique_ptr<Store> store = TRY(Store::Open({.url = options.store}));
    LogInfo("{}: {} blind labels", store->name(), TRY(AddBlindLabels(*store, messages)));
  }
  return messages;
}

struct WeighedMessages {
  std::vector<WeighedMessage> messages;
  size_t decided = 0;  ///< by a list of senders or by rules alone
};

/// Runs the steps of the filter, and the model. Corrections of near-duplicates are left out: they would know the label.
Result<WeighedMessages> Weigh(const RulesCalibrateOptions& options, const SpamFilter& filter,
                              const std::vector<LabelledMessage>& messages) {
  std::optional<KnownStateCache> known;
  if (!options.store.empty()) {
    KnownStateOptions state;
    state.store.url = options.store;
    known.emplace(std::move(state));
  }
  ConsoleObserver observer;
  const std::filesystem::path bundle = TRY(FindModel(options.model, observer));
  ThreadPool pool(options.threads);
  const BundleClassifier classifier = TRY(BundleClassifier::Load(bundle, pool, options.weights));
  TRY(CheckFilterModel(classifier));
  WeighedMessages weighed;
  std::vector<InputText> texts;
  for (const LabelledMessage& labelled : messages) {
    KnownState state;
    if (known) state = known->Load(NormalSender(labelled.message.sender), labelled.message.user);
    const FilterProgress progress = filter.Begin(labelled.message, state);
    if (progress.decided) {
      ++weighed.decided;
      continue;
    }
    texts.push_back(TextForModel(labelled.message, classifier.text_template()));
    weighed.messages.push_back({.evidence = progress.evidence,
                                .spam = labelled.spam,
                                .count = labelled.count,
                                .group = GroupOfText(TextForModel(labelled.message, nullptr).joined())});
  }
  const std::vector<InputTextView> views(texts.begin(), texts.end());
  const auto classified = TRY(classifier.Classify(views, {}, [](size_t) { return !Interrupted(); }));
  for (size_t i = 0; i < classified.size(); ++i) {
    weighed.messages[i].probability = AnswerOf(classifier, classified[i]).probability;
  }
  return weighed;
}

Json QualityJson(const ScoreQuality& quality) {
  return {{"log_loss", quality.log_loss}, {"ece", quality.ece}, {"accuracy", quality.accuracy}};
}

Json WeightsJson(const EvidenceWeights& weights) {
  return {{"intercept", weights.intercept},
          {"classifier", weights.classifier},
          {"rules", weights.rules},
          {"reputation", weights.reputation}};
}

std::string TableOf(const EvidenceWeights& present, const WeightFit& fit) {
  std::string text =
      fmt::format("{:12}{:>10}{:>12}{:>9}{:>12}\n", "", "intercept", "classifier", "rules", "reputation");
  for (const auto& [name, weights] : {std::pair("before", present), std::pair("fitted", fit.weights)}) {
    text += fmt::format("{:12}{:>10.3f}{:>12.3f}{:>9.3f}{:>12.3f}\n", name, weights.intercept, weights.classifier,
                        weights.rules, weights.reputation);
  }
  text += fmt::format("\n{:32}{:>9}{:>9}{:>10}\n", "", "log-loss", "ECE", "accuracy");
  for (const auto& [name, quality] :
       {std::pair(std::string("before"), fit.before),
        std::pair(fmt::format("fitted, {}-fold cross-validation", fit.parts), fit.after)}) {
    text += fmt::format("{:32}{:>9.4f}{:>9.4f}{:>10.4f}\n", name, quality.log_loss, quality.ece, quality.accuracy);
  }
  return text;
}

/// Returns the file to write, or nothing. Errors: kInvalidArgument if there is none to write to.
Result<std::filesystem::path> OutputOf(const RulesCalibrateOptions& options) {
  if (options.dry_run || !options.output.empty()) return options.output;
  if (!options.rules.empty() && options.rules != "none") return options.rules;
  return Fail(ErrorCode::kInvalidArgument, "there is no file of rules to write the weights into",
              "--output FILE.toml writes a new one, --dry-run prints the weights only");
}

Result<void> Run(const RulesCalibrateOptions& options) {
  HandleInterrupts();
  if (options.messages.empty() && options.store.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "there are no labelled messages",
                "name a file in the form of a must-pass list, or --store URL with blind labels");
  }
  const std::filesystem::path output = TRY(OutputOf(options));
  const RuleSet::Pointer rules = TRY(LoadRules(options.rules));
  const SpamFilter filter({}, rules);
  const std::vector<LabelledMessage> messages = TRY(ReadMessages(options));
  const WeighedMessages weighed = TRY(Weigh(options, filter, messages));
  const EvidenceWeights present = EffectiveWeights({}, rules == nullptr ? StatedWeights() : rules->weights());
  const WeightFit fit = TRY(FitAndMeasure(weighed.messages, present));
  const bool written = fit.improves() && !options.dry_run;
  if (written) {
    const std::string contents = TRY(ContentsOfRules(options.rules));
    TRY(WriteFileAtomically(output, TRY(WithWeights(contents, output.string(), fit.weights))));
  }
  if (options.json) {
    Json json = {{"messages", messages.size()},
                 {"decided_before", weighed.decided},
                 {"weights", WeightsJson(fit.weights)},
                 {"weights_before", WeightsJson(present)},
                 {"before", QualityJson(fit.before)},
                 {"after", QualityJson(fit.after)},
                 {"folds", fit.parts},
                 {"written", written}};
    if (written) json["output"] = output.string();
    return Print(json.dump(2) + "\n");
  }
  std::string text = fmt::format("{} messages; earlier steps decide {}\n\n", messages.size(), weighed.decided);
  text += TableOf(present, fit);
  if (!fit.improves())
    text +=
        "\nThe weights stay as they are: the fitted ones are not better for messages that they were not fitted to.\n";
  if (written) text += fmt::format("\n{}: the weights are written\n", output.string());
  return Print(text);
}

}  // namespace

Command RulesCalibrateCommand() {
  return MakeCommand<RulesCalibrateOptions>(
      "rules calibrate", "Fits the weights of the filter's steps to labelled messages.", Describe, Run);
}

}  // namespace winnow
