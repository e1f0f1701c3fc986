#include "cli/training_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/gnuplot.h"

namespace winnow {
namespace {

constexpr size_t kMostPoints = 300;  // more than a line of this width shows

std::string Block(const std::string& name, const std::vector<CurvePoint>& points) {
  std::string lines = "$" + name + " << EOD\n";
  for (const CurvePoint& point : points) lines += fmt::format("{} {}\n", point.step, point.value);
  return lines + "EOD\n";
}

}  // namespace

std::vector<CurvePoint> Thinned(const std::vector<CurvePoint>& points, size_t most) {
  std::vector<CurvePoint> thin;
  const size_t count = std::min(points.size(), most);
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = points.size() * i / count, end = points.size() * (i + 1) / count;
    CurvePoint mean;
    for (size_t p = begin; p < end; ++p) {
      mean.step += points[p].step / static_cast<double>(end - begin);
      mean.value += points[p].value / static_cast<double>(end - begin);
    }
    thin.push_back(mean);
  }
  return thin;
}

Result<void> PlotTraining(const std::vector<CurvePoint>& losses, const std::vector<Evaluation>& evaluations,
                          const std::string& metric, const std::string& title, const std::filesystem::path& file) {
  std::vector<CurvePoint> validation, figures;
  const Evaluation* best = nullptr;
  for (const Evaluation& e : evaluations) {
    validation.push_back({static_cast<double>(e.step), e.validation_loss});
    figures.push_back({static_cast<double>(e.step), e.metric});
    if (e.best) best = &e;
  }
  return DrawWithGnuplot(file, [&](const std::filesystem::path& out) {
    std::string script = GnuplotHeading(out, 1000, 400, title);
    script +=
        Block("losses", Thinned(losses, kMostPoints)) + Block("validation", validation) + Block("figures", figures);
    script +=
        "set xlabel 'step'\nset yrange [0:*]\nset key right top\nset title 'Loss'\n"
        "plot $losses using 1:2 with lines ls 1 lw 1 title 'training'";
    if (!validation.empty()) script += ", $validation using 1:2 with linespoints ls 2 title 'validation'";
    script += "\nset yrange [*:*]\nset key right bottom\nset title " + GnuplotQuoted("Validation: " + metric) +
              " noenhanced\n";
    if (best == nullptr) return script + "unset multiplot\nunset output\n";
    script += fmt::format(
        "set label 1 'kept: {:.4f}' at {},{} center offset 0,1 tc rgb '#d62728'\nset offsets graph 0.05,graph "
        "0.1,graph "
        "0.1,graph 0.1\n"
        "plot $figures using 1:2 with linespoints ls 3 notitle, '-' with points pt 6 ps 2 lc rgb '#d62728' notitle\n{} "
        "{}\ne\n",
        best->metric, best->step, best->metric, best->step, best->metric);
    return script + "unset multiplot\nunset output\n";
  });
}

}  // namespace winnow
