#include "feedback/trust.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
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
using Groups = std::map<std::string_view, size_t>;

Groups GroupsOf(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels) {
  CampaignGroups campaigns;
  Groups groups;
  for (const auto& [text, label] : labels) groups.emplace(text, campaigns.GroupOf(text));
  for (const FeedbackState& state : states) {
    if (!groups.contains(state.text)) groups.emplace(state.text, campaigns.GroupOf(state.text));
  }
  return groups;
}

/// What blind labels, else administrators say about each group. Groups whose blind labels differ are left out.
std::map<size_t, std::string> KnownLabels(std::span<const FeedbackState> states,
                                          const std::map<std::string, std::string>& labels, const Groups& groups) {
  std::map<size_t, std::string> known;
  std::set<size_t> mixed;
  for (const auto& [text, label] : labels) {
    const auto [place, fresh] = known.emplace(groups.at(text), label);
    if (!fresh && place->second != label) mixed.insert(place->first);
  }
  std::map<size_t, const FeedbackState*> last;
  for (const FeedbackState& state : states) {
    if (state.origin != FeedbackOrigin::kAdmin) continue;
    const FeedbackState*& newest = last[groups.at(state.text)];
    if (newest == nullptr || std::tie(newest->at, newest->user) < std::tie(state.at, state.user)) newest = &state;
  }
  for (const auto& [group, state] : last) known.emplace(group, state->label);
  for (const size_t group : mixed) known.erase(group);
  return known;
}

std::map<std::string, UserTrust> WithWeights(std::map<std::string, UserTrust> users) {
  for (auto& [user, trust] : users) trust.weight = Weight(trust.agreed, trust.disagreed);
  return users;
}

}  // namespace

TrustTable::TrustTable(std::map<std::string, UserTrust> users, double trusted_weight)
    : users_(std::move(users)), trusted_weight_(trusted_weight) {}

double TrustTable::WeightOf(const std::string& user) const {
  static const double unknown = Weight(0, 0);
  const auto found = users_.find(user);
  return found == users_.end() ? unknown : found->second.weight;
}

bool TrustTable::IsTrusted(const std::string& user) const { return WeightOf(user) >= trusted_weight_; }

std::vector<std::string> TrustTable::TrustedUsers() const {
  std::vector<std::string> trusted;
  for (const auto& [user, trust] : users_) {
    if (trust.weight >= trusted_weight_) trusted.push_back(user);
  }
  return trusted;
}

TrustTable ComputeTrust(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels,
                        const TrustOptions& options) {
  const Groups groups = GroupsOf(states, labels);
  const std::map<size_t, std::string> known = KnownLabels(states, labels, groups);
  std::vector<const FeedbackState*> reports = Reports(states, options);
  // Many reports about one campaign earn no more trust than one.
  std::set<std::pair<std::string_view, size_t>> seen;
  std::erase_if(reports, [&](const FeedbackState* report) {
    return !seen.emplace(report->user, groups.at(report->text)).second;
  });
  std::map<std::string, UserTrust> users;
  for (const FeedbackState* report : reports) {
    UserTrust& trust = users[report->user];
    const auto label = known.find(groups.at(report->text));
    if (label != known.end()) ++(label->second == report->label ? trust.agreed : trust.disagreed);
  }
  const TrustTable first(WithWeights(users), options.trusted_weight);
  // What those who are trusted by now agree on, for messages of which nothing better is known.
  std::map<size_t, std::map<std::string, std::set<std::string>>> votes;  // group -> label -> trusted users
  for (const FeedbackState* report : reports) {
    const size_t group = groups.at(report->text);
    if (!known.contains(group) && first.IsTrusted(report->user)) votes[group][report->label].insert(report->user);
  }
  for (const FeedbackState* report : reports) {
    const auto found = votes.find(groups.at(report->text));
    if (found == votes.end()) continue;
    const std::string* agreed = nullptr;
    size_t labels_of_others = 0, others = 0;
    for (const auto& [label, voters] : found->second) {
      const size_t count = voters.size() - voters.count(report->user);
      if (count == 0) continue;
      ++labels_of_others;
      others = count;
      agreed = &label;
    }
    if (labels_of_others != 1 || others < static_cast<size_t>(options.agreeing_users)) continue;
    UserTrust& trust = users[report->user];
    ++(*agreed == report->label ? trust.agreed : trust.disagreed);
  }
  return TrustTable(WithWeights(std::move(users)), options.trusted_weight);
}

}  // namespace winnow
