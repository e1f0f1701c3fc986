#include "pipeline/reported_slices.h"

#include <algorithm>

#include "data/label_sets.h"
#include "evaluate/slices.h"

namespace winnow {
namespace {

Json Pair(const std::optional<Interval>& interval) {
  return interval ? Json(Json::array({interval->low, interval->high})) : Json();
}

void AddSlices(const char* by, std::span<const Slice> slices, Json& json) {
  for (const Slice& slice : slices) {
    json.push_back({{"by", by},
                    {"name", slice.name},
                    {"count", slice.count},
                    {"accuracy", static_cast<double>(slice.right) / static_cast<double>(slice.count)},
                    {"interval", Pair(slice.accuracy)},
                    {"stands_out", slice.stands_out}});
  }
}

}  // namespace

Json IntervalsJson(const Metrics& metrics) {
  return {{"accuracy", Pair(metrics.accuracy_interval)},
          {"f1_macro", Pair(metrics.f1_macro_interval)},
          {"fpr", Pair(metrics.fpr_interval)},
          {"recall", Pair(metrics.recall_interval)}};
}

Json ReportedSlices(const Dataset& dataset, std::span<const std::vector<int32_t>> decisions, int32_t positive_label) {
  const std::vector<std::vector<int32_t>> truth = LabelSets(dataset);
  std::vector<TextOutcome> outcomes;
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto has = [&](const std::vector<int32_t>& ids) {
      return positive_label >= 0 && std::ranges::find(ids, positive_label) != ids.end();
    };
    std::vector<int32_t> decided = decisions[i];
    std::ranges::sort(decided);
    outcomes.push_back({.right = truth[i] == decided, .positive = has(truth[i]), .called_positive = has(decided)});
  }
  const std::vector<std::string_view> texts = TextViews(dataset);
  std::vector<std::string> order;
  const std::vector<std::string> lengths = LengthKeys(texts, order);
  Json json = Json::array();
  AddSlices("length", SlicesBy(lengths, outcomes, order), json);
  AddSlices("script", SlicesBy(ScriptKeys(texts), outcomes), json);
  return json.size() == 0 ? Json() : json;
}

}  // namespace winnow
