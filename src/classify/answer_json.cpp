#include "classify/answer_json.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace winnow {

using Json = nlohmann::ordered_json;

std::vector<size_t> ByProbability(std::span<const float> probabilities) {
  std::vector<size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](size_t i) { return probabilities[i]; });
  return order;
}

Json AnswerJson(const AnswerLabels& labels, const ClassifiedText& text, size_t top_k) {
  const auto name = [&](int32_t id) { return id < 0 ? Json() : Json(labels.names[static_cast<size_t>(id)]); };
  std::vector<size_t> order = ByProbability(text.probabilities);
  if (top_k > 0) order.resize(std::min(order.size(), top_k));
  Json scores = Json::array();
  for (const size_t i : order) scores.push_back({{"label", labels.names[i]}, {"score", text.probabilities[i]}});
  const Decision& decision = text.decision;
  Json label = name(decision.label < 0 ? decision.top : decision.label);
  Json decided = name(decision.label);
  if (labels.multi_label) {
    decided = Json::array();
    for (const int32_t id : decision.labels) decided.push_back(name(id));
  }
  if (text.out_of_scope) label = decided = labels.out_of_scope;
  Json answer = {{"label", label},   {"score", decision.score}, {"confidence", decision.confidence},
                 {"scores", scores}, {"decision", decided},     {"abstained", decision.abstained}};
  if (text.scope_score) {
    answer["out_of_scope"] = text.out_of_scope;
    answer["scope_score"] = *text.scope_score;
  }
  return answer;
}

}  // namespace winnow
