#include "filter/rule_statistics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_or_null.h"

namespace winnow {
namespace {

double Share(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string Percent(size_t part, size_t whole) { return fmt::format("{:.2f} %", 100 * Share(part, whole)); }

}  // namespace

std::optional<double> RuleCounts::precision() const {
  if (hits() == 0) return std::nullopt;
  return Share(score >= 0 ? spam : ham, hits());
}

RuleStatistics::RuleStatistics(const RuleSet& rules) : rules_(rules) {
  for (const Rule& rule : rules.rules()) counts_.push_back({rule.name, rule.score});
  for (const Composite& composite : rules.composites()) counts_.push_back({composite.name, composite.score});
}

void RuleStatistics::Add(const FilterMessage& message, bool spam) {
  std::vector<bool> holding;
  const RuleAction action = rules_.Evaluate(message, &holding).action;
  ++(spam ? spam_ : ham_);
  for (size_t id = 0; id < holding.size(); ++id) {
    if (holding[id]) ++(spam ? counts_[id].spam : counts_[id].ham);
  }
  Decisions& decisions = spam ? of_spam_ : of_ham_;
  ++(action == RuleAction::kSpam ? decisions.spam : action == RuleAction::kHam ? decisions.ham : decisions.undecided);
}

std::string RuleStatistics::Text() const {
  size_t width = 4;
  for (const RuleCounts& rule : counts_) width = std::max(width, rule.name.size());
  std::string text = fmt::format("{:<{}}  {:>6}  {:>7}  {:>9}  {:>12}  {:>11}\n", "rule", width, "score", "hits",
                                 "precision", "of spam", "of ham");
  for (const RuleCounts& rule : counts_) {
    const std::optional<double> precision = rule.precision();
    text += fmt::format("{:<{}}  {:>6.2f}  {:>7}  {:>9}  {:>12}  {:>11}\n", rule.name, width, rule.score, rule.hits(),
                        precision ? fmt::format("{:.4f}", *precision) : "-", Percent(rule.spam, spam_),
                        Percent(rule.ham, ham_));
  }
  const auto line = [](std::string_view label, size_t count, const Decisions& made) {
    return fmt::format("{} {} messages: rules alone decide spam for {} ({}), ham for {} ({}), nothing for {}\n", count,
                       label, made.spam, Percent(made.spam, count), made.ham, Percent(made.ham, count), made.undecided);
  };
  return text + line("spam", spam_, of_spam_) + line("ham", ham_, of_ham_);
}

Json RuleStatistics::ToJson() const {
  Json rules = Json::array();
  for (const RuleCounts& rule : counts_) {
    const std::optional<double> precision = rule.precision();
    rules.push_back(Json{{"name", rule.name},
                         {"score", rule.score},
                         {"hits", rule.hits()},
                         {"spam_hits", rule.spam},
                         {"ham_hits", rule.ham},
                         {"precision", OrNull(precision)},
                         {"spam_share", Share(rule.spam, spam_)},
                         {"ham_share", Share(rule.ham, ham_)}});
  }
  const auto made = [](const Decisions& d) {
    return Json{{"spam", d.spam}, {"ham", d.ham}, {"undecided", d.undecided}};
  };
  return {{"rules", rules},
          {"spam", spam_},
          {"ham", ham_},
          {"decisions", Json{{"of_spam", made(of_spam_)}, {"of_ham", made(of_ham_)}}}};
}

}  // namespace winnow
