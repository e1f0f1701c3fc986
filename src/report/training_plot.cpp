#include "report/training_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "evaluate/metrics.h"
#include "report/svg_chart.h"

namespace winnow {
namespace {

constexpr size_t kMostPoints = 300;  // more than a line of this width shows

ChartSeries SeriesOf(const char* name, SeriesKind kind, size_t colour, const std::vector<StepValue>& points) {
  ChartSeries series{.name = name, .kind = kind, .colour = colour, .points = {}};
  for (const StepValue& point : points) series.points.push_back({.x = point.step, .y = point.value});
  return series;
}

/// Returns true if a metric cannot exceed 1.
bool HasMostOne(const std::string& metric) { return HigherIsBetter(metric).value_or(false) || metric == "fpr"; }

}  // namespace

std::vector<StepValue> Thinned(const std::vector<StepValue>& points, size_t most) {
  std::vector<StepValue> thin;
  const size_t count = std::min(points.size(), most);
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = points.size() * i / count, end = points.size() * (i + 1) / count;
    StepValue mean;
    for (size_t p = begin; p < end; ++p) {
      mean.step += points[p].step / static_cast<double>(end - begin);
      mean.value += points[p].value / static_cast<double>(end - begin);
    }
    thin.push_back(mean);
  }
  return thin;
}

Result<void> PlotTraining(const std::vector<StepValue>& losses, const std::vector<Evaluation>& evaluations,
                          const std::string& metric, const std::string& title, const std::filesystem::path& file) {
  std::vector<StepValue> validation, values;
  const Evaluation* best = nullptr;
  for (const Evaluation& e : evaluations) {
    validation.push_back({static_cast<double>(e.step), e.validation_loss});
    values.push_back({static_cast<double>(e.step), e.metric});
    if (e.best) best = &e;
  }
  Chart chart{.title = title,
              .description = "Losses and metric by step; training_info.json has the numbers.",
              .width = 1000,
              .height = 400,
              .panels = {{.title = "Loss",
                          .x = {.label = "step"},
                          .y = {.low = 0},
                          .series = {SeriesOf("training", SeriesKind::kLine, 1, Thinned(losses, kMostPoints))}}}};
  if (!validation.empty()) {
    chart.panels[0].series.push_back(SeriesOf("validation", SeriesKind::kLineAndPoints, 2, validation));
  }
  if (best != nullptr) {
    const StepValue kept{static_cast<double>(best->step), best->metric};
    chart.panels.push_back(
        {.title = "Validation: " + metric,
         .x = {.label = "step"},
         .y = {.most = HasMostOne(metric) ? std::optional(1.0) : std::nullopt},
         .series = {SeriesOf("", SeriesKind::kLineAndPoints, 3, values), SeriesOf("", SeriesKind::kPoints, 2, {kept})},
         .labels = {{.x = kept.step, .y = kept.value, .text = fmt::format("kept: {:.4f}", kept.value), .colour = 2}}});
  }
  return WriteChart(chart, file);
}

}  // namespace winnow
