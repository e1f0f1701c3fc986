#include "feedback/trust.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/sip_hash.h"
#include "feedback/beta_quantile.h"
#include "feedback/campaign_groups.h"

namespace winnow {
namespace {

constexpr double kQuantile = 0.1;

double Weight(int agreed, int disagreed) { return BetaQuantile(1 + agreed, 1 + disagreed, kQuantile); }

/// The caps count by hashes; those of one computation may be of any key.
uint64_t HashOf(const std::string& user) {
  if (user.empty()) return 0;
  return std::max<uint64_t>(1, SipHasher({1, 2}).Finish(std::as_bytes(std::span(user))));
}

/// The reports of persons within the caps, in the order of time.
std::vector<const FeedbackState*> Reports(std::span<const FeedbackState> states, const TrustOptions& options) {
  std::vector<const FeedbackState*> reports;
  for (const FeedbackState& state : states) {
    if (state.origin == FeedbackOrigin::kPerson && !state.user.empty()) reports.push_back(&state);
  }
  std::ranges::sort(reports, {},
                    [](const FeedbackState* state) { return std::tie(state->at, state->message, state->user); });
  FeedbackCaps caps(options.caps);
  std::erase_if(reports, [&](const FeedbackState* state) { return !caps.Count(HashOf(state->user), 0, state->at); });
  return reports;
}

/// The group of each message, by its text.
using Groups = std::map<std::string_view, uint32_t>;

Groups GroupsOf(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels) {
  CampaignGroups campaigns;
  Groups groups;
  for (const auto& [text, label] : labels) groups.emplace(text, static_cast<uint32_t>(campaigns.GroupOf(text)));
  for (const FeedbackState& state : states) {
    if (!groups.contains(state.text)) groups.emplace(state.text, static_cast<uint32_t>(campaigns.GroupOf(state.text)));
  }
  return groups;
}

/// Numbers of texts.
using Numbers = std::map<std::string, uint32_t, std::less<>>;

uint32_t NumberOf(Numbers& numbers, const std::string& text) {
  return numbers.try_emplace(text, static_cast<uint32_t>(numbers.size())).first->second;
}

/// What blind labels, else administrators say about each group.
TrustKnowledge KnownLabels(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels,
                           const Groups& groups, Numbers& numbers) {
  TrustKnowledge known;
  for (const auto& [text, label] : labels) known.AddLabel(groups.at(text), NumberOf(numbers, label));
  std::map<uint32_t, const FeedbackState*> last;
  for (const FeedbackState& state : states) {
    if (state.origin != FeedbackOrigin::kAdmin) continue;
    const FeedbackState*& newest = last[groups.at(state.text)];
    if (newest == nullptr || std::tie(newest->at, newest->user) < std::tie(state.at, state.user)) newest = &state;
  }
  for (const auto& [group, state] : last) known.AddAdminWord(group, NumberOf(numbers, state->label));
  return known;
}

/// The weights of users: many of them have the same counts.
class Weights {
 public:
  double Of(const UserTrust& trust) {
    const auto [known, fresh] = known_.try_emplace(std::pair(trust.agreed, trust.disagreed));
    if (fresh) known->second = Weight(trust.agreed, trust.disagreed);
    return known->second;
  }

 private:
  std::map<std::pair<int, int>, double> known_;
};

}  // namespace

TrustTable::TrustTable(std::map<std::string, UserTrust> users, double trusted_weight)
    : users_(std::move(users)), trusted_weight_(trusted_weight) {}

double TrustTable::WeightOf(const std::string& user) const {
  static const double unknown = Weight(0, 0);
  const auto found = users_.find(user);
  return found == users_.end() ? unknown : found->second.weight;
}

std::vector<std::string> TrustTable::TrustedUsers() const {
  std::vector<std::string> trusted;
  for (const auto& [user, trust] : users_) {
    if (trust.weight >= trusted_weight_) trusted.push_back(user);
  }
  return trusted;
}

void TrustKnowledge::AddLabel(uint32_t group, uint32_t label) {
  const auto [known, fresh] = groups_.try_emplace(group, Known{.label = label});
  if (!fresh && known->second.label != label) known->second.mixed = true;
}

void TrustKnowledge::AddAdminWord(uint32_t group, uint32_t label) { groups_.try_emplace(group, Known{.label = label}); }

std::optional<uint32_t> TrustKnowledge::LabelOf(uint32_t group) const {
  const auto known = groups_.find(group);
  return known == groups_.end() || known->second.mixed ? std::nullopt : std::optional(known->second.label);
}

std::vector<std::optional<UserTrust>> JudgeReports(std::vector<TrustReport> reports, const TrustKnowledge& known,
                                                   size_t users, const TrustOptions& options) {
  // Many reports about one campaign earn no more trust than one.
  std::unordered_set<uint64_t> seen;
  std::erase_if(reports, [&](const TrustReport& report) {
    return !seen.insert(uint64_t{report.user} << 32 | report.group).second;
  });
  std::vector<std::optional<UserTrust>> trust(users);
  for (const TrustReport& report : reports) {
    UserTrust& user = trust[report.user] ? *trust[report.user] : trust[report.user].emplace();
    if (const auto label = known.LabelOf(report.group)) ++(*label == report.label ? user.agreed : user.disagreed);
  }
  Weights weights;
  std::vector<bool> trusted(users);
  for (size_t user = 0; user < users; ++user)
    trusted[user] = trust[user] && weights.Of(*trust[user]) >= options.trusted_weight;
  // What those who are trusted by now agree on, for messages of which nothing better is known.
  std::unordered_map<uint32_t, std::vector<std::pair<uint32_t, int>>> votes;  // group -> labels with their voters
  for (const TrustReport& report : reports) {
    if (!trusted[report.user] || known.LabelOf(report.group)) continue;
    auto& labels = votes[report.group];
    const auto label = std::ranges::find(labels, report.label, &std::pair<uint32_t, int>::first);
    if (label == labels.end()) {
      labels.emplace_back(report.label, 1);
    } else {
      ++label->second;
    }
  }
  for (const TrustReport& report : reports) {
    const auto found = votes.find(report.group);
    if (found == votes.end()) continue;
    uint32_t agreed = 0;
    int labels_of_others = 0, others = 0;
    for (const auto& [label, voters] : found->second) {
      const int count = voters - (label == report.label && trusted[report.user] ? 1 : 0);
      if (count == 0) continue;
      ++labels_of_others;
      others = count;
      agreed = label;
    }
    if (labels_of_others != 1 || others < options.agreeing_users) continue;
    ++(agreed == report.label ? trust[report.user]->agreed : trust[report.user]->disagreed);
  }
  for (std::optional<UserTrust>& user : trust) {
    if (user) user->weight = weights.Of(*user);
  }
  return trust;
}

TrustTable ComputeTrust(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels,
                        const TrustOptions& options) {
  const Groups groups = GroupsOf(states, labels);
  Numbers numbers_of_labels, numbers_of_users;
  const TrustKnowledge known = KnownLabels(states, labels, groups, numbers_of_labels);
  std::vector<TrustReport> reports;
  for (const FeedbackState* const report : Reports(states, options)) {
    reports.push_back({NumberOf(numbers_of_users, report->user), groups.at(report->text),
                       NumberOf(numbers_of_labels, report->label)});
  }
  const auto trust = JudgeReports(std::move(reports), known, numbers_of_users.size(), options);
  std::map<std::string, UserTrust> users;
  for (const auto& [user, number] : numbers_of_users) users.emplace(user, trust[number].value_or(UserTrust()));
  return TrustTable(std::move(users), options.trusted_weight);
}

}  // namespace winnow
