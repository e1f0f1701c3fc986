#include "retrain/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/report_words.h"

namespace winnow {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

struct Counts {
  int64_t texts = 0, champion = 0, challenger = 0, only_champion = 0, only_challenger = 0;

  void Add(bool champion_right, bool challenger_right) {
    ++texts;
    champion += champion_right ? 1 : 0;
    challenger += challenger_right ? 1 : 0;
    only_champion += champion_right && !challenger_right ? 1 : 0;
    only_challenger += challenger_right && !champion_right ? 1 : 0;
  }
  McNemar Test() const { return McNemarTest(only_champion, only_challenger); }
  bool worse() const { return only_champion > only_challenger; }
};

bool Contains(const std::vector<int32_t>& ids, int32_t id) { return std::ranges::find(ids, id) != ids.end(); }

std::string TextsWord(int64_t count) { return count == 1 ? "text" : "texts"; }

std::string TestWords(const Counts& counts, const McNemar& test) {
  return fmt::format("{} {} only the champion and {} only the challenger classified correctly; McNemar's p = {:.2g}",
                     counts.only_champion, TextsWord(counts.only_champion), counts.only_challenger, test.p_value);
}

GateCondition Unmeasured(std::string name, std::string why) {
  return {.name = std::move(name), .measured = false, .sentence = std::move(why)};
}

GateCondition LabelsCondition(const GateInput& input) {
  std::vector<std::string> champion = input.champion_labels, challenger = input.challenger_labels;
  std::ranges::sort(champion);
  std::ranges::sort(challenger);
  GateCondition condition{.name = "labels", .held = champion == challenger};
  condition.sentence = condition.held ? fmt::format("both models have the {} labels", champion.size())
                                      : fmt::format("the labels differ: {} instead of {}", fmt::join(challenger, ", "),
                                                    fmt::join(champion, ", "));
  return condition;
}

GateCondition AccuracyCondition(std::string name, const std::string& texts, const PairedDecisions& decisions,
                                const GateBounds& bounds) {
  Counts counts;
  for (size_t i = 0; i < decisions.champion.size(); ++i)
    counts.Add(decisions.champion.Right(i), decisions.challenger.Right(i));
  if (counts.texts == 0) return Unmeasured(std::move(name), fmt::format("there are no {}", texts));
  GateCondition condition{.name = std::move(name)};
  condition.test = counts.Test();
  condition.champion = Share(counts.champion, counts.texts);
  condition.challenger = Share(counts.challenger, counts.texts);
  condition.bound = bounds.alpha;
  condition.held = !(counts.worse() && condition.test->p_value < bounds.alpha);
  if (!condition.held) condition.missed_by = *condition.champion - *condition.challenger;
  condition.sentence =
      fmt::format("on {} {}, accuracy {} instead of {}: {}", counts.texts, texts, PercentText(condition.challenger),
                  PercentText(condition.champion), TestWords(counts, *condition.test));
  return condition;
}

/// The false-positive rate on the negatives of the test set.
GateCondition FprCondition(const GateInput& input, const GateBounds& bounds) {
  const std::string name = "false-positive rate";
  const PairedDecisions& test = *input.test;
  const int32_t positive = test.challenger.positive_label;
  if (positive < 0 || test.champion.positive_label < 0)
    return Unmeasured(name, "the models do not have a positive label in common");
  Counts counts;
  for (size_t i = 0; i < test.champion.size(); ++i) {
    if (Contains(test.champion.truth[i], positive)) continue;
    counts.Add(!Contains(test.champion.decided[i], positive), !Contains(test.challenger.decided[i], positive));
  }
  if (counts.texts == 0) return Unmeasured(name, "the test set has no negatives");
  GateCondition condition{.name = name};
  condition.champion = Share(counts.texts - counts.champion, counts.texts);
  condition.challenger = Share(counts.texts - counts.challenger, counts.texts);
  condition.test = counts.Test();
  condition.sentence = fmt::format("on {} negatives, {} instead of {}", counts.texts, PercentText(condition.challenger),
                                   PercentText(condition.champion));
  condition.bound = bounds.max_fpr ? bounds.max_fpr : input.promised_fpr;
  if (condition.bound) {
    condition.held = *condition.challenger <= *condition.bound;
    if (!condition.held) condition.missed_by = *condition.challenger - *condition.bound;
    condition.sentence += fmt::format("; the bound is {} ({})", PercentText(condition.bound),
                                      bounds.max_fpr ? "--max-fpr" : "the champion's guarantee");
  } else {
    condition.held = !(counts.worse() && condition.test->p_value < bounds.alpha);
    if (!condition.held) condition.missed_by = *condition.challenger - *condition.champion;
    condition.sentence += "; the champion guarantees no bound: " + TestWords(counts, *condition.test);
  }
  return condition;
}

/// The false-positive rate on audits, each of which stands for as many messages as it was drawn from.
std::optional<GateCondition> AuditedFprCondition(const GateInput& input, const GateBounds& bounds,
                                                 const std::string& spam_label) {
  GateCondition condition{.name = "false-positive rate on audits"};
  condition.bound = bounds.max_fpr ? bounds.max_fpr : input.promised_fpr;
  if (!condition.bound || input.audited.empty()) return std::nullopt;
  const EstimatedRate rate = EstimateRates(input.audited, spam_label).false_positives;
  if (rate.verdicts == 0) return Unmeasured(condition.name, "no audited message is a negative");
  condition.challenger = rate.rate;
  condition.held = rate.low <= *condition.bound;
  if (!condition.held) condition.missed_by = rate.rate - *condition.bound;
  condition.sentence =
      fmt::format("of {} audited negatives, {} ({} to {}); the bound is {}", rate.verdicts, PercentText(rate.rate),
                  PercentText(rate.low), PercentText(rate.high), PercentText(condition.bound));
  return condition;
}

/// What the rules for out-of-scope texts do; nothing if there are none.
std::optional<GateCondition> ScopeCondition(const GateInput& input, const GateBounds& bounds) {
  const auto &champion = input.champion_scope, &challenger = input.challenger_scope;
  if (!champion && !challenger) return std::nullopt;
  GateCondition condition{.name = "out of scope"};
  if (!challenger) {
    condition.held = false;
    condition.sentence =
        "the champion recognizes out-of-scope texts, and the challenger does not; winnow calibrate with --out-of-scope or "
        "--in-scope-only gives it a rule for them";
    return condition;
  }
  Counts kept;
  for (size_t i = 0; i < challenger->rejected.size(); ++i)
    kept.Add(!champion || champion->rejected[i] == 0, challenger->rejected[i] == 0);
  if (kept.texts == 0) return Unmeasured(condition.name, "there are no test texts");
  if (champion) condition.champion = Share(kept.texts - kept.champion, kept.texts);
  condition.challenger = Share(kept.texts - kept.challenger, kept.texts);
  condition.bound = champion ? champion->max_rejected : challenger->max_rejected;
  condition.test = kept.Test();
  condition.held =
      *condition.challenger <= *condition.bound || !kept.worse() || condition.test->p_value >= bounds.alpha;
  if (!condition.held) condition.missed_by = *condition.challenger - *condition.bound;
  condition.sentence =
      fmt::format("of {} test texts, the challenger rejects {} as out of scope{}; the bound is {} (the {}'s guarantee)",
                  kept.texts, PercentText(condition.challenger),
                  champion ? " instead of " + PercentText(condition.champion)
                           : std::string(", and the champion has no rule for it"),
                  PercentText(condition.bound), champion ? "champion" : "challenger");
  return condition;
}

/// Returns the level of each slice's test at which the probability that any of them fails by chance is alpha at most. A
/// slice in which the models differ about so few texts that it could not fail at that level needs no share of alpha
/// (Tarone 1990).
double LevelOfSlices(const std::map<std::string, Counts>& slices, const GateBounds& bounds) {
  for (size_t shares = 1; shares < slices.size(); ++shares) {
    const double level = bounds.alpha / static_cast<double>(shares);
    const auto may_fail = std::ranges::count_if(slices, [&](const auto& slice) {
      const int64_t differing = slice.second.only_champion + slice.second.only_challenger;
      return std::exp2(-static_cast<double>(differing)) < level &&
             Share(differing, slice.second.texts) > bounds.max_slice_drop;
    });
    if (static_cast<size_t>(may_fail) <= shares) return level;
  }
  return bounds.alpha / static_cast<double>(slices.size());
}

GateCondition SlicesCondition(const PairedDecisions& test, const SliceKeys& slices, const GateBounds& bounds) {
  GateCondition condition{.name = "slices by " + slices.by};
  std::map<std::string, Counts> by_key;
  for (size_t i = 0; i < slices.keys.size(); ++i)
    by_key[slices.keys[i]].Add(test.champion.Right(i), test.challenger.Right(i));
  if (by_key.size() < 2) return Unmeasured(condition.name, "all texts are in one slice");
  condition.bound = bounds.max_slice_drop;
  const double level = LevelOfSlices(by_key, bounds);
  double worst = -1;
  std::string worst_name;
  std::vector<std::string> failed;
  for (const auto& [name, counts] : by_key) {
    SliceOutcome slice{.name = name,
                       .count = counts.texts,
                       .champion = Share(counts.champion, counts.texts),
                       .challenger = Share(counts.challenger, counts.texts)};
    const double drop = slice.champion - slice.challenger;
    slice.p_value = counts.worse() ? counts.Test().p_value / 2 : 1;
    constexpr double kRounding = 1e-9;  // 1 - 0.98 > 0.02, as doubles
    slice.held = drop <= bounds.max_slice_drop + kRounding || slice.p_value >= level;
    if (drop > worst) worst = drop, worst_name = name;
    if (!slice.held) {
      condition.missed_by = std::max(condition.missed_by, drop - bounds.max_slice_drop);
      failed.push_back(fmt::format("{} ({} {}: {} instead of {}, p = {:.2g})", name, counts.texts,
                                   TextsWord(counts.texts), PercentText(slice.challenger), PercentText(slice.champion),
                                   slice.p_value));
    }
    condition.slices.push_back(std::move(slice));
  }
  std::ranges::stable_sort(condition.slices, {}, [&](const SliceOutcome& slice) {
    return std::ranges::find(slices.order, slice.name) - slices.order.begin();
  });
  condition.held = failed.empty();
  condition.sentence = condition.held
                           ? fmt::format("{} slices; the largest drop is {} ({}); the bound is {}", by_key.size(),
                                         PercentText(std::max(worst, 0.0)), worst_name, PercentText(condition.bound))
                           : fmt::format("accuracy is lower by more than {} in: {}", PercentText(condition.bound),
                                         fmt::join(failed, "; "));
  return condition;
}

GateCondition MustPassCondition(const GateInput& input) {
  const std::string name = "must-pass list";
  if (input.must_pass.empty()) return Unmeasured(name, "there is no must-pass list");
  GateCondition condition{.name = name};
  for (const MustPassOutcome& outcome : input.must_pass) {
    if (!outcome.right()) condition.wrong.push_back(outcome);
  }
  condition.held = condition.wrong.empty();
  condition.bound = 0;
  condition.challenger = static_cast<double>(condition.wrong.size());
  condition.missed_by = *condition.challenger;
  std::vector<std::string> lines;
  for (const MustPassOutcome& wrong : condition.wrong)
    lines.push_back(fmt::format("line {} ({} instead of {})", wrong.line, wrong.decided, wrong.expected));
  condition.sentence =
      condition.held ? fmt::format("all {} texts are decided as the list says", input.must_pass.size())
                     : fmt::format("{} of {} {} decided wrongly: {}", condition.wrong.size(), input.must_pass.size(),
                                   input.must_pass.size() == 1 ? "text is" : "texts are", fmt::join(lines, ", "));
  return condition;
}

}  // namespace

std::vector<std::string> GateReport::Failed() const {
  std::vector<std::string> failed;
  for (const GateCondition& condition : conditions) {
    if (!condition.held) failed.push_back(condition.name);
  }
  return failed;
}

GateReport ExamineGate(const GateInput& input, const GateBounds& bounds) {
  GateReport report{.champion = input.champion, .challenger = input.challenger};
  std::vector<GateCondition>& conditions = report.conditions;
  conditions.push_back(LabelsCondition(input));
  if (conditions.front().held && input.test) {
    conditions.push_back(AccuracyCondition("accuracy", "test texts", *input.test, bounds));
    conditions.push_back(FprCondition(input, bounds));
    if (auto condition = ScopeCondition(input, bounds)) conditions.push_back(*std::move(condition));
    for (const SliceKeys& slices : input.slices) conditions.push_back(SlicesCondition(*input.test, slices, bounds));
    if (input.audits) {
      conditions.push_back(
          AccuracyCondition("accuracy on audits", "audited messages since the promotion", *input.audits, bounds));
      const int32_t positive = input.audits->challenger.positive_label;
      if (positive >= 0) {
        const std::string& spam = input.challenger_labels[static_cast<size_t>(positive)];
        if (auto condition = AuditedFprCondition(input, bounds, spam)) conditions.push_back(*std::move(condition));
      }
    } else {
      conditions.push_back(
          Unmeasured("accuracy on audits", "there are no audited messages since the promotion of the champion"));
    }
    conditions.push_back(MustPassCondition(input));
  }
  report.passed = report.Failed().empty();
  return report;
}

}  // namespace winnow
