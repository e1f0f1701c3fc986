#include <fmt/format.h>

#include <map>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/feedback_options.h"
#include "cli/output.h"
#include "feedback/feedback_log.h"
#include "feedback/training_set.h"
#include "feedback/verdict_samples.h"

namespace winnow {
namespace {

struct FeedbackStatsOptions : FeedbackOptions {
  int users = 10;
};

void Describe(FeedbackStatsOptions& options, OptionTable& table) {
  AddStoreOption(options, table);
  table.Add("users", &options.users, "Maximum number of users to list, those with the most judged reports first")
      .AtLeast(0);
  table.Describe(
      "Counts events, and the present labels, which are the last words of all users. The weight of a user is the lower "
      "10 % quantile of the share of the user's reports that agree with audits, administrators and trusted users; from "
      "0.7, a user is trusted.");
  table.Example("winnow feedback stats --store sqlite:store.db --json", "for a dashboard");
}

struct Statistics {
  std::map<std::string, int64_t> types, sources, labels;
  int64_t events = 0;
  size_t states = 0;
  TrainingSet set;
  std::vector<std::pair<std::string, UserTrust>> users;
  size_t all_users = 0, trusted = 0;
  VerdictRates audits;
};

Result<Statistics> Compute(Store& store, size_t most_users) {
  Statistics statistics;
  ProgressBar progress("read", TRY(store.CountFeedback({})));
  const std::vector<FeedbackEvent> events =
      TRY(ReadAllFeedback(store, [&](int64_t count) { progress.Advance(count); }));
  progress.Finish();
  statistics.events = static_cast<int64_t>(events.size());
  for (const FeedbackEvent& event : events) {
    ++statistics.types[event.feedback_type];
    ++statistics.sources[event.source];
  }
  const std::vector<FeedbackState> states = CurrentFeedback(events);
  statistics.states = states.size();
  for (const FeedbackState& state : states) ++statistics.labels[state.label];
  const std::map<std::string, std::string> labels = TRY(ReadVerdictLabels(store));
  const TrustTable trust = ComputeTrust(states, labels);
  statistics.set = MakeTrainingSet(states, trust, labels);
  statistics.all_users = trust.users().size();
  statistics.trusted = trust.TrustedUsers().size();
  statistics.users.assign(trust.users().begin(), trust.users().end());
  std::ranges::stable_sort(statistics.users, std::greater(),
                           [](const auto& user) { return user.second.agreed + user.second.disagreed; });
  if (statistics.users.size() > most_users) statistics.users.resize(most_users);
  statistics.audits = EstimateRates(TRY(ReadVerdictSamples(store)));
  return statistics;
}

Json StatisticsJson(const Statistics& statistics) {
  Json users = Json::array();
  for (const auto& [user, trust] : statistics.users)
    users.push_back(
        {{"user", user}, {"agreed", trust.agreed}, {"disagreed", trust.disagreed}, {"weight", trust.weight}});
  return {{"events", statistics.events},
          {"feedback_types", statistics.types},
          {"sources", statistics.sources},
          {"current", statistics.states},
          {"labels", statistics.labels},
          {"training_rows", statistics.set.rows.size()},
          {"contradicted", statistics.set.contradicted},
          {"users", statistics.all_users},
          {"trusted_users", statistics.trusted},
          {"user_trust", users},
          {"audits", {{"labelled", statistics.audits.labelled}, {"waiting", statistics.audits.waiting}}}};
}

std::string Counts(const std::map<std::string, int64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, Printable(name));
  return text.empty() ? "none" : text;
}

Result<void> Run(const FeedbackStatsOptions& options) {
  const std::unique_ptr<Store> store = TRY(OpenExistingStore(options.store));
  HandleInterrupts();
  const Statistics statistics = TRY(Compute(*store, static_cast<size_t>(options.users)));
  if (options.json) return Print(StatisticsJson(statistics).dump(2) + "\n");
  std::string text = fmt::format(
      "events           {}\n  by type        {}\n  by source      {}\n"
      "present labels   {}\n  by label       {}\n"
      "training rows    {}, and {} text{} on which users disagree\n"
      "audits           {} labelled, {} waiting\n"
      "users            {}, of whom {} are trusted\n",
      statistics.events, Counts(statistics.types), Counts(statistics.sources), statistics.states,
      Counts(statistics.labels), statistics.set.rows.size(), statistics.set.contradicted,
      statistics.set.contradicted == 1 ? "" : "s", statistics.audits.labelled, statistics.audits.waiting,
      statistics.all_users, statistics.trusted);
  for (const auto& [user, trust] : statistics.users) {
    text += fmt::format("  {:<14} weight {:.2f}, {} agreed, {} disagreed\n", Printable(user), trust.weight,
                        trust.agreed, trust.disagreed);
  }
  return Print(text);
}

}  // namespace

Command FeedbackStatsCommand() {
  return MakeCommand<FeedbackStatsOptions>("feedback stats", "Counts feedback, labels and the trust in users.",
                                           Describe, Run);
}

}  // namespace winnow
