#include "filter/rule_set.h"

#include <algorithm>

#include "filter/domain_name.h"
#include "text/text_parts.h"

namespace winnow {

/// The values of a message that rules look at, by slot.
struct RuleSet::Values {
  std::vector<FieldValue> fields;  ///< by slot
  std::vector<uint64_t> lengths;   ///< by slot, in code points, if a rule asks for it
  std::vector<bool> matched;       ///< by rule: whether its pattern matches
  uint64_t links = 0;
};

std::string_view RuleActionName(RuleAction action) {
  if (action == RuleAction::kNone) return "undecided";
  return action == RuleAction::kSpam ? "spam" : "ham";
}

RuleSet::Values RuleSet::Read(const FilterMessage& message) const {
  Values values;
  values.matched.resize(rules().size());
  values.lengths.resize(slots_.size());
  values.fields.reserve(slots_.size());
  std::vector<size_t> matching;
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    const FieldValue& value = values.fields.emplace_back(ReadField(message, slots_[slot].field, slots_[slot].fold));
    if (slots_[slot].counted) values.lengths[slot] = CountCodePoints(value.text);
    // A header field that a message does not have has no text to match, not even an empty one.
    if (value.present || slots_[slot].field.kind != FieldName::Kind::kHeader) {
      slots_[slot].patterns.Match(value.text, matching);
    }
  }
  for (const size_t rule : matching) values.matched[rule] = true;
  if (counts_links_) {
    const std::string links = ReadField(message, {FieldName::Kind::kLinks}, false).text;
    values.links = links.empty() ? 0 : 1 + static_cast<uint64_t>(std::ranges::count(links, '\n'));
  }
  return values;
}

namespace {

/// Returns true if a line of `hosts` is in one of the domains.
bool AnyInDomains(std::string_view hosts, const std::vector<std::string>& domains) {
  while (!hosts.empty()) {
    const size_t end = std::min(hosts.find('\n'), hosts.size());
    const std::string host = NormalDomain(HostOfLink(hosts.substr(0, end)));
    if (std::ranges::any_of(domains, [&](const std::string& domain) { return IsInDomain(host, domain); })) return true;
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
  }
  return false;
}

}  // namespace

bool RuleSet::ConditionsHold(size_t index, const Values& values) const {
  const Rule& rule = rules()[index];
  if (!rule.enabled || (rule.pattern && !values.matched[index])) return false;
  if (exists_slot_[index] && !values.fields[*exists_slot_[index]].present) return false;
  if (rule.min_links && values.links < *rule.min_links) return false;
  if (rule.max_links && values.links > *rule.max_links) return false;
  const uint64_t length = values.lengths[rule_slot_[index]];
  if (rule.min_length && length < *rule.min_length) return false;
  if (rule.max_length && length > *rule.max_length) return false;
  return rule.domains.empty() || AnyInDomains(values.fields[rule_slot_[index]].text, rule.domains);
}

std::vector<bool> RuleSet::Holding(const Values& values, std::span<const std::string> also) const {
  std::vector<bool> holding(rules().size() + composites().size());
  for (size_t rule = 0; rule < rules().size(); ++rule) holding[rule] = ConditionsHold(rule, values);
  for (const std::string& name : also) {
    const auto found = ids_.find(name);
    if (found != ids_.end() && found->second < rules().size() && rules()[found->second].enabled)
      holding[found->second] = true;
  }
  for (const size_t composite : order_) {
    const std::vector<size_t>& names = names_of_[composite];
    holding[rules().size() + composite] =
        composites()[composite].enabled &&
        composites()[composite].expression.Value([&](size_t name) -> bool { return holding[names[name]]; });
  }
  return holding;
}

// Replacement comes after all composites, as in rspamd (https://docs.rspamd.com/configuration/composites): what one
// composite replaces still counts in the expressions of others, and the order of composites has no effect.
std::vector<bool> RuleSet::Replaced(const std::vector<bool>& holding) const {
  std::vector<bool> replaced(holding.size());
  for (size_t composite = 0; composite < composites().size(); ++composite) {
    if (!holding[rules().size() + composite]) continue;
    for (const size_t id : replaces_of_[composite]) replaced[id] = true;
  }
  return replaced;
}

RuleResult RuleSet::Score(const std::vector<bool>& holding, std::vector<GroupBound>* bounds) const {
  RuleResult result;
  const std::vector<bool> replaced = Replaced(holding);
  std::vector<double> sums(groups().size() + 1);
  for (size_t id = 0; id < holding.size(); ++id) {
    if (!holding[id] || replaced[id]) continue;
    const auto add = [&](const auto& hit) { result.symbols.push_back({hit.name, hit.score, hit.description}); };
    if (id < rules().size()) {
      add(rules()[id]);
    } else {
      add(composites()[id - rules().size()]);
    }
    sums[group_of_[id]] += result.symbols.back().score;
  }
  for (size_t group = 0; group < sums.size(); ++group) {
    double sum = sums[group];
    if (group < groups().size()) {
      if (groups()[group].max_score) sum = std::min(sum, *groups()[group].max_score);
      if (groups()[group].min_score) sum = std::max(sum, *groups()[group].min_score);
      if (bounds != nullptr && sum != sums[group]) bounds->push_back({groups()[group].name, sums[group], sum});
    }
    result.score += sum;
  }
  // Scores such as 0.1 have no exact sum in binary; a threshold of 0.3 must be reached by three of them.
  constexpr double kRounding = 1e-9;
  if (actions().spam && result.score >= *actions().spam - kRounding) {
    result.action = RuleAction::kSpam;
  } else if (actions().ham && result.score <= *actions().ham + kRounding) {
    result.action = RuleAction::kHam;
  }
  return result;
}

RuleResult RuleSet::Evaluate(const FilterMessage& message, std::vector<bool>* holding,
                             std::span<const std::string> also) const {
  std::vector<bool> held = Holding(Read(message), also);
  RuleResult result = Score(held, nullptr);
  if (holding != nullptr) *holding = std::move(held);
  return result;
}

RuleExplanation RuleSet::Explain(const FilterMessage& message) const {
  const Values values = Read(message);
  const std::vector<bool> holding = Holding(values);
  RuleExplanation explanation;
  explanation.result = Score(holding, &explanation.bounds);
  for (size_t id = 0; id < holding.size(); ++id) {
    if (!holding[id]) continue;
    RuleHit& hit = explanation.hits.emplace_back();
    if (id < rules().size()) {
      hit.rule = &rules()[id];
      if (hit.rule->pattern) hit.matched = FirstMatch(*hit.rule->pattern, values.fields[rule_slot_[id]].text);
    } else {
      hit.composite = &composites()[id - rules().size()];
    }
    for (size_t composite = 0; composite < composites().size(); ++composite) {
      const bool replaces = holding[rules().size() + composite] && std::ranges::count(replaces_of_[composite], id) > 0;
      if (replaces) hit.replaced_by.push_back(composites()[composite].name);
    }
  }
  return explanation;
}

}  // namespace winnow
