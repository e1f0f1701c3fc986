#include "feedback/judged_texts.h"

#include <algorithm>
#include <tuple>

namespace winnow {
namespace {

const FeedbackState* LastOfAdmins(std::span<const FeedbackState> states) {
  const FeedbackState* last = nullptr;
  for (const FeedbackState& state : states) {
    if (state.origin != FeedbackOrigin::kAdmin) continue;
    if (last == nullptr || std::tie(last->at, last->user) < std::tie(state.at, state.user)) last = &state;
  }
  return last;
}

/// Sets the label with the greatest sum of weights.
void DecideByWeight(JudgedText& judged) {
  const auto most = std::ranges::max_element(judged.votes, {}, [](const auto& entry) { return entry.second; });
  const auto equal = std::ranges::count_if(
      judged.votes, [&](const auto& entry) { return entry.second >= most->second * (1 - 1e-12); });
  judged.label = most->first;
  judged.weight = most->second;
  judged.tied = equal > 1;
}

}  // namespace

double JudgedText::Share() const {
  double sum = 0, own = 0;
  for (const auto& [of, votes_of] : votes) {
    sum += votes_of;
    if (of == label) own = votes_of;
  }
  return sum > 0 ? own / sum : 1;
}

std::vector<JudgedText> JudgeTexts(std::span<const FeedbackState> states, const TrustTable& trust) {
  std::vector<JudgedText> texts;
  for (size_t begin = 0, end = 0; begin < states.size(); begin = end) {
    while (end < states.size() && states[end].message == states[begin].message) ++end;
    const std::span<const FeedbackState> opinions = states.subspan(begin, end - begin);
    JudgedText judged{.text = opinions.front().text, .label = {}, .votes = {}};
    bool people = false;
    for (const FeedbackState& state : opinions) {
      if (state.origin != FeedbackOrigin::kPerson && state.origin != FeedbackOrigin::kAdmin) continue;
      people = true;
      judged.at = std::max(judged.at, state.at);
      if (state.origin == FeedbackOrigin::kPerson) judged.votes[state.label] += trust.WeightOf(state.user);
    }
    if (!people) continue;
    if (const FeedbackState* const admin = LastOfAdmins(opinions)) {
      judged.by_admin = true;
      judged.text = admin->text;
      judged.label = admin->label;
      if (const auto votes = judged.votes.find(admin->label); votes != judged.votes.end())
        judged.weight = votes->second;
    } else {
      DecideByWeight(judged);
    }
    texts.push_back(std::move(judged));
  }
  return texts;
}

}  // namespace winnow
