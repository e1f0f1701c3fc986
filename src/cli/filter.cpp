#include <fmt/format.h>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "classify/bundle_classifier.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/field_options.h"
#include "cli/filter_inputs.h"
#include "cli/filter_options.h"
#include "cli/output.h"
#include "decide/decide.h"
#include "feedback/feedback_log.h"
#include "filter/filter_model.h"
#include "filter/sender.h"
#include "pipeline/base_model.h"
#include "server/filter_service.h"
#include "store/store_url.h"
#include "store/user_name.h"

namespace winnow {
namespace {

constexpr size_t kBatch = 256;

struct FilterCommandOptions : CommonOptions {
  std::filesystem::path model;
  std::vector<std::string> inputs;
  FilterReading reading;
  FilterStepOptions steps;
  std::string user;
  std::string sender;
  std::optional<std::string> mode;
  std::optional<double> threshold;
  Weights weights = Weights::kAuto;
};

void Describe(FilterCommandOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.model, "Directory of a model, or the name of a pulled one")
      .ValueName("MODEL")
      .Required();
  table
      .AddPositional(
          "message", &options.inputs,
          "Mail (.eml, mbox, Maildir), JSON lines with text, or subject and body, and sender, other files of "
          "texts, - for standard input, or texts themselves; without MESSAGE: standard input. Files may be "
          "gzip-compressed")
      .ValueName("MESSAGE");
  table.Describe(
      "Prints one verdict per message, with its reasons. The first of these steps that applies decides: a list of "
      "senders, a correction of a near-duplicate, the threshold of the rules, the model. If the model cannot be "
      "loaded, rules and reputation decide.");
  table.Group("Reading of files");
  AddTextField(options.reading.text_field, table);
  AddFormatOptions(options.reading.format, table);
  table.Add("skip-bad-rows", &options.reading.skip_bad_rows,
            "Leave out rows of files that cannot be read, and report them, instead of refusing the file");
  table.Group("Steps");
  AddFilterStepOptions(options.steps, table);
  table
      .Add("user", &options.user,
           "User who gets the messages, and whose preferences, corrections and lists of senders apply")
      .ValueName("ID");
  table.Add("sender", &options.sender, "Sender of the messages that do not name one").ValueName("ADDRESS");
  AddWeightsOption(options.weights, table);
  table.Group("Decision");
  table
      .Add(
          "mode", &options.mode,
          "Decision thresholds to use: strict flags the most messages, lenient the fewest (default: the preferences of "
          "the user, otherwise moderate)")
      .OneOf({"strict", "moderate", "lenient"});
  AddThresholdOption(options.threshold, table);
  AddTrustOptions(options, table);
  table.Example("winnow filter spam mail.eml", "the verdict about a mail, with its reasons");
  table.Example("winnow filter spam inbox.mbox --json", "one JSON line per message");
  table.Example("winnow filter spam --store store.db --user anna --sender joe@example.com \"See you at lunch\"",
                "with the preferences and the reputation in a store");
}

/// Errors: kInvalidArgument.
Result<std::optional<FilterMode>> RequestedMode(const FilterCommandOptions& options) {
  if (!options.mode && !options.threshold) return std::nullopt;
  const Mode mode = TRY(ParseMode(options.mode.value_or("moderate")));
  const ClassifyOptions classify = TRY(DecideBy(mode, options.threshold));
  return FilterMode{.mode = mode, .threshold = classify.threshold, .origin = FilterMode::Origin::kRequest};
}

/// Messages a batch at a time: through the steps, and printed in order.
class MessageBatches {
 public:
  /// `classifier` may be null: then rules and reputation decide. `known` may be null: no store.
  MessageBatches(const FilterCommandOptions& options, const SpamFilter& filter, std::optional<FilterMode> mode,
                 const BundleClassifier* classifier, KnownStateCache* known)
      : options_(options), filter_(filter), mode_(mode), classifier_(classifier), known_(known) {}

  Result<void> Take(FilterInput input) {
    TRY(CheckInterrupted());
    input.message.user = NormalUser(input.message.user.empty() ? options_.user : input.message.user);
    if (input.message.sender.empty()) input.message.sender = options_.sender;
    inputs_.push_back(std::move(input));
    return inputs_.size() < kBatch ? Result<void>() : Flush();
  }

  Result<void> Flush() {
    std::vector<Verdict> verdicts(inputs_.size());
    std::vector<FilterProgress> undecided;
    std::vector<size_t> of;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const FilterMessage& message = inputs_[i].message;
      KnownState known;
      if (known_ != nullptr) known = known_->Load(NormalSender(message.sender), message.user);
      FilterProgress progress = filter_.Begin(message, known, mode_);
      if (progress.decided) {
        verdicts[i] = *std::move(progress.decided);
      } else {
        undecided.push_back(std::move(progress));
        of.push_back(i);
      }
    }
    TRY(Classify(std::move(undecided), of, verdicts));
    std::string lines;
    for (size_t i = 0; i < inputs_.size(); ++i) lines += LinesOf(inputs_[i], verdicts[i]);
    inputs_.clear();
    return Print(lines);
  }

 private:
  Result<void> Classify(std::vector<FilterProgress> undecided, const std::vector<size_t>& of,
                        std::vector<Verdict>& verdicts) {
    std::vector<InputText> texts;
    if (classifier_ != nullptr) {
      for (const size_t i : of) texts.push_back(TextForModel(inputs_[i].message, classifier_->text_template()));
    }
    const std::vector<InputTextView> views(texts.begin(), texts.end());
    std::vector<ClassifiedText> classified;
    if (!views.empty()) {
      Result<std::vector<ClassifiedText>> result =
          classifier_->Classify(views, {}, [](size_t) { return !Interrupted(); });
      TRY(CheckInterrupted());
      if (result) {
        classified = *std::move(result);
      } else {
        LogWarning("the model failed, so rules and reputation alone decide: {}", result.error().message);
      }
    }
    for (size_t i = 0; i < of.size(); ++i) {
      if (classified.empty()) {
        verdicts[of[i]] = filter_.FallBack(std::move(undecided[i]));
        continue;
      }
      ClassifiedText& text = classified[i];
      text.decision = classifier_->DecideOne(text.probabilities, undecided[i].options());
      verdicts[of[i]] = filter_.Decide(std::move(undecided[i]), AnswerOf(*classifier_, text));
    }
    return {};
  }

  std::string LinesOf(const FilterInput& input, const Verdict& verdict) const {
    if (options_.json) {
      Json json = VerdictJson(verdict);
      if (!input.file.empty()) json["file"] = input.file;
      if (input.number > 0) json["number"] = input.number;
      return json.dump() + "\n";
    }
    std::string lines = input.file.empty() ? "" : fmt::format("{}:{}: ", input.file, input.number);
    return lines + VerdictText(verdict);
  }

  const FilterCommandOptions& options_;
  const SpamFilter& filter_;
  const std::optional<FilterMode> mode_;
  const BundleClassifier* const classifier_;
  KnownStateCache* const known_;
  std::vector<FilterInput> inputs_;
};

/// Loads the model. A missing one is an error; one that is there and cannot be loaded is nothing, after a warning.
Result<std::optional<BundleClassifier>> LoadModel(const FilterCommandOptions& options, ThreadPool& pool) {
  ConsoleObserver observer;
  const std::filesystem::path bundle = TRY(FindModel(options.model, observer));
  Result<BundleClassifier> classifier = BundleClassifier::Load(bundle, pool, options.weights);
  if (!classifier && classifier.error().code == ErrorCode::kNotFound) return std::unexpected(classifier.error());
  if (!classifier) {
    LogWarning("the model cannot be loaded, so rules and reputation alone decide: {}", classifier.error().message);
    return std::nullopt;
  }
  TRY(CheckFilterModel(*classifier));
  if (const std::string warning = ArbitraryLabelWarning(*classifier); !warning.empty()) LogWarning("{}", warning);
  return std::optional(*std::move(classifier));
}

/// Returns the store of --store or, after a warning, nothing if there is no such file: a filter that asks creates none.
Result<std::string> ExistingStore(const std::string& url) {
  if (url.empty()) return url;
  const StoreAddress address = TRY(ParseStoreUrl(url));
  if (address.kind != StoreAddress::kSqlite || Exists(address.path)) return url;
  LogWarning(
      "--store: {}: no such file, so messages are filtered without preferences, learnt reputation and corrections",
      address.path.string());
  return std::string();
}

/// Returns the corrections of messages in the store; null without a store and, after a warning, if it is not available.
std::shared_ptr<const CampaignMemory> ReadCorrections(const std::string& url) {
  if (url.empty()) return nullptr;
  auto memory = std::make_shared<CampaignMemory>();
  const auto read = [&]() -> Result<void> {
    const std::shared_ptr<Store> store = TRY(Store::Open({.url = url}));
    FeedbackLog log(SinkOf(store), memory.get());
    TRY(log.CatchUp());
    return log.UpdateTrust();
  };
  if (const Result<void> done = read(); !done) {
    LogWarning("messages are filtered without the corrections in the store: {}", done.error().message);
    return nullptr;
  }
  return memory;
}

Result<void> Run(const FilterCommandOptions& options) {
  HandleInterrupts();
  const std::optional<FilterMode> mode = TRY(RequestedMode(options));
  const std::string store = TRY(ExistingStore(options.steps.store));
  const SpamFilter filter({.weights = options.steps.weights}, TRY(LoadRules(options.steps.rules)),
                          ReadCorrections(store));
  std::optional<KnownStateCache> known;
  if (!store.empty()) {
    KnownStateOptions state;
    state.store.url = store;
    state.half_life = options.steps.half_life();
    known.emplace(std::move(state));
  }
  ThreadPool pool(options.threads);
  const std::optional<BundleClassifier> classifier = TRY(LoadModel(options, pool));
  MessageBatches batches(options, filter, mode, classifier ? &*classifier : nullptr, known ? &*known : nullptr);
  TRY(ForEachFilterInput(options.inputs, options.reading,
                         [&](FilterInput input) { return batches.Take(std::move(input)); }));
  return batches.Flush();
}

}  // namespace

Command FilterCommand() {
  return MakeCommand<FilterCommandOptions>("filter", "Decides whether messages are spam, and says why.", Describe, Run);
}

}  // namespace winnow
