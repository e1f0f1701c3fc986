#include "feedback/training_set.h"

#include <algorithm>

#include "feedback/judged_texts.h"

namespace winnow {
namespace {

/// Adds the labels of a program about texts that no person has labelled.
void AddOfTeacher(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels,
                  const std::string& teacher, TrainingSet& set) {
  for (size_t begin = 0, end = 0; begin < states.size(); begin = end) {
    while (end < states.size() && states[end].message == states[begin].message) ++end;
    const std::span<const FeedbackState> opinions = states.subspan(begin, end - begin);
    const auto found = std::ranges::find_if(opinions, [&](const FeedbackState& state) {
      return state.origin == FeedbackOrigin::kTeacher && state.user == teacher;
    });
    const bool people =
        std::ranges::any_of(opinions, [](const FeedbackState& s) { return s.origin != FeedbackOrigin::kTeacher; });
    if (found == opinions.end() || people) continue;
    if (labels.contains(opinions.front().text)) {
      ++set.audited;
    } else {
      set.rows.push_back({found->text, found->label});
    }
  }
}

void AddOfPeople(std::span<const FeedbackState> states, const TrustTable& trust,
                 const std::map<std::string, std::string>& labels, double least_weight, TrainingSet& set) {
  for (const JudgedText& judged : JudgeTexts(states, trust)) {
    if (labels.contains(judged.text)) {
      ++set.audited;
    } else if (judged.tied) {
      ++set.contradicted;
    } else if (!judged.by_admin && judged.weight < least_weight) {
      ++set.light;
    } else {
      set.rows.push_back({judged.text, judged.label});
    }
  }
}

}  // namespace

TrainingSet MakeTrainingSet(std::span<const FeedbackState> states, const TrustTable& trust,
                            const std::map<std::string, std::string>& labels, const TrainingSetOptions& options) {
  TrainingSet set;
  if (options.teacher.empty()) {
    AddOfPeople(states, trust, labels, options.least_weight, set);
  } else {
    AddOfTeacher(states, labels, options.teacher, set);
  }
  std::ranges::sort(set.rows);
  return set;
}

}  // namespace winnow
