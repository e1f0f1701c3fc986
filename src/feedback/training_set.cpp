#include "feedback/training_set.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace winnow {
namespace {

/// What is said about one message.
struct Opinions {
  std::span<const FeedbackState> states;

  bool HasPeople() const {
    return std::ranges::any_of(states, [](const FeedbackState& s) { return s.origin != FeedbackOrigin::kTeacher; });
  }
  const FeedbackState* OfTeacher(const std::string& name) const {
    const auto found = std::ranges::find_if(states, [&](const FeedbackState& state) {
      return state.origin == FeedbackOrigin::kTeacher && state.user == name;
    });
    return found == states.end() ? nullptr : &*found;
  }
  const FeedbackState* LastOfAdmins() const {
    const FeedbackState* last = nullptr;
    for (const FeedbackState& state : states) {
      if (state.origin != FeedbackOrigin::kAdmin) continue;
      if (last == nullptr || std::tie(last->at, last->user) < std::tie(state.at, state.user)) last = &state;
    }
    return last;
  }
};

/// Adds the row that the users' labels make, if there is one.
void AddByWeight(const Opinions& opinions, const TrustTable& trust, double least_weight, TrainingSet& set) {
  std::map<std::string, double> weights;
  for (const FeedbackState& state : opinions.states) {
    if (state.origin == FeedbackOrigin::kPerson) weights[state.label] += trust.WeightOf(state.user);
  }
  const auto most = std::ranges::max_element(weights, {}, [](const auto& entry) { return entry.second; });
  const auto equal =
      std::ranges::count_if(weights, [&](const auto& entry) { return entry.second >= most->second * (1 - 1e-12); });
  if (equal > 1) {
    ++set.contradicted;
  } else if (most->second < least_weight) {
    ++set.light;
  } else {
    set.rows.push_back({opinions.states.front().text, most->first});
  }
}

}  // namespace

TrainingSet MakeTrainingSet(std::span<const FeedbackState> states, const TrustTable& trust,
                            const std::map<std::string, std::string>& labels, const TrainingSetOptions& options) {
  TrainingSet set;
  for (size_t begin = 0, end = 0; begin < states.size(); begin = end) {
    while (end < states.size() && states[end].message == states[begin].message) ++end;
    const Opinions opinions{states.subspan(begin, end - begin)};
    const FeedbackState* const teacher = opinions.OfTeacher(options.teacher);
    if (options.teacher.empty() ? !opinions.HasPeople() : opinions.HasPeople() || teacher == nullptr) continue;
    if (labels.contains(states[begin].text)) {
      ++set.audited;
    } else if (teacher != nullptr) {
      set.rows.push_back({teacher->text, teacher->label});
    } else if (const FeedbackState* const admin = opinions.LastOfAdmins()) {
      set.rows.push_back({admin->text, admin->label});
    } else {
      AddByWeight(opinions, trust, options.least_weight, set);
    }
  }
  std::ranges::sort(set.rows);
  return set;
}

}  // namespace winnow
