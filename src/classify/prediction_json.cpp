#include "classify/prediction_json.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>
#include <utility>

#include "text/utf8.h"

namespace winnow {

double ShortestDecimal(float value) {
  char digits[64];
  const auto written = std::to_chars(digits, digits + sizeof(digits), value);
  double decimal = 0;
  std::from_chars(digits, written.ptr, decimal);
  return decimal;
}

std::vector<size_t> ByProbability(std::span<const float> probabilities) {
  std::vector<size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](size_t i) { return probabilities[i]; });
  return order;
}

Json PredictionJson(const PredictionLabels& labels, const ClassifiedText& text, size_t top_k) {
  const auto name = [&](int32_t id) { return id < 0 ? Json() : Json(labels.names[static_cast<size_t>(id)]); };
  std::vector<size_t> order = ByProbability(text.probabilities);
  if (top_k > 0) order.resize(std::min(order.size(), top_k));
  Json::Array scores;
  scores.reserve(order.size());
  for (const size_t i : order) scores.push_back({{"label", labels.names[i]}, {"score", text.probabilities[i]}});
  const Decision& decision = text.decision;
  Json label = name(decision.label < 0 ? decision.top : decision.label);
  Json decided = name(decision.label);
  if (labels.multi_label) {
    decided = Json::array();
    for (const int32_t id : decision.labels) decided.push_back(name(id));
  }
  if (text.out_of_scope) label = decided = labels.out_of_scope;
  Json prediction = {{"label", std::move(label)},         {"score", decision.score},
                     {"confidence", decision.confidence}, {"scores", Json(std::move(scores))},
                     {"decision", std::move(decided)},    {"abstained", decision.abstained}};
  if (decision.threshold) prediction["threshold"] = ShortestDecimal(*decision.threshold);
  if (text.scope_score) {
    prediction["out_of_scope"] = text.out_of_scope;
    prediction["scope_score"] = *text.scope_score;
  }
  if (text.out_of_scope) prediction["nearest_label"] = name(decision.label);
  return prediction;
}

Json ExplanationJson(const Explanation& explanation, std::string_view text) {
  Json words = Json::array();
  size_t at = 0;
  size_t points = 0;
  const auto points_at = [&](size_t place) {
    for (; at < place; ++points) NextCodePoint(text, at);
    return points;
  };
  for (const WordEffect& word : explanation.words) {
    const size_t begin = points_at(word.begin);
    words.push_back({{"text", text.substr(word.begin, word.end - word.begin)},
                     {"begin", begin},
                     {"end", points_at(word.end)},
                     {"effect", word.effect},
                     {"score_change", word.score_change}});
  }
  Json json = {{"label", explanation.label},
               {"method", explanation.exact ? "linear" : "occlusion"},
               {"score", explanation.score},
               {"base", explanation.base},
               {"words", std::move(words)}};
  if (explanation.words_in_effect > 1) json["words_in_effect"] = explanation.words_in_effect;
  if (explanation.unread > 0) json["unread_words"] = explanation.unread;
  return json;
}

}  // namespace winnow
