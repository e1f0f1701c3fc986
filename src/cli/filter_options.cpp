#include "cli/filter_options.h"

namespace winnow {

void AddFilterStepOptions(FilterStepOptions& options, OptionTable& table) {
  table
      .Add("rules", &options.rules,
           "File of rules (TOML; see 'winnow rules check'), or 'none' for no rules; a server reads it again on SIGHUP")
      .ValueName("FILE")
      .Default("the built-in rules");
  table
      .Add("store", &options.store,
           "Store of reputation and preferences, and of the feedback and history of a server: a SQLite file, or "
           "postgres://user@host/database")
      .ValueName("URL");
  table
      .Add("rule-weight", &options.weights.rules,
           "Log-odds of spam per point of the rules' scores; all rules together add at most 4")
      .Range(0, 100)
      .Default("that of the file of rules, otherwise 0.5");
  table
      .Add("reputation-weight", &options.weights.reputation,
           "Log-odds of spam per point of the sender's learnt score; at most 3 are added")
      .Range(0, 100)
      .Default("that of the file of rules, otherwise 1");
  table
      .Add("classifier-weight", &options.weights.classifier,
           "Factor of the model's log-odds of spam; 1: with no other evidence, the score is the model's probability")
      .Range(0, 100)
      .Default("that of the file of rules, otherwise 1");
  table
      .Add("reputation-half-life", &options.reputation_half_life,
           "Days in which the learnt score of a sender halves; 0: it does not decay")
      .Range(0, 36500);
}

}  // namespace winnow
