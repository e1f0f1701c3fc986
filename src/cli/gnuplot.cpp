#include "cli/gnuplot.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/process.h"
#include "cli/workplace.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kGnuplot[] = "gnuplot";

Error NoGnuplot() {
  return {ErrorCode::kNotFound, "plots are drawn by gnuplot, which is not installed",
          "install it (Debian: apt-get install gnuplot-nox), or leave --plot out"};
}

}  // namespace

bool HasGnuplot() {
  const auto version = RunProgram({kGnuplot, "--version"}, {.log = "/dev/null", .timeout_seconds = 10});
  return version && version->succeeded();
}

Result<void> CheckPlotFile(const fs::path& file) {
  if (file.extension() != ".svg" && file.extension() != ".png") {
    return Fail(ErrorCode::kInvalidArgument, file.string() + ": a plot is an .svg or a .png file");
  }
  if (HasGnuplot()) return {};
  return std::unexpected(NoGnuplot());
}

std::string GnuplotQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  return quoted + "'";
}

std::string GnuplotHeading(const fs::path& out, int width, int height, const std::string& title, int plots) {
  const bool svg = out.extension() == ".svg";
  return fmt::format(
      "set encoding utf8\n"
      "set terminal {} size {},{} {} font 'sans,{}'\n"
      "set output {}\n"
      "set multiplot layout 1,{} title {} noenhanced\n"
      "set style line 1 lc rgb '#1f77b4' lw 2 pt 7\nset style line 2 lc rgb '#ff7f0e' lw 2 pt 7\n"
      "set style line 3 lc rgb '#2ca02c' lw 2 pt 7\nset style line 4 lc rgb '#d62728' lw 2 pt 7\n"
      "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset key left top\n",
      svg ? "svg" : "pngcairo", svg ? width : width * 6 / 5, svg ? height : height * 6 / 5,
      svg ? "background '#ffffff'" : "", svg ? 12 : 11, GnuplotQuoted(out.string()), plots, GnuplotQuoted(title));
}

Result<void> DrawWithGnuplot(const fs::path& file, const std::function<std::string(const fs::path& out)>& script) {
  const Workplace work = TRY(Workplace::Make("plot"));
  const fs::path drawn = work.path() / ("plot" + file.extension().string());
  TRY(WriteFileAtomically(work.path() / "script", script(drawn)));
  const auto end =
      RunProgram({kGnuplot, (work.path() / "script").string()}, {.log = work.path() / "log", .timeout_seconds = 60});
  if (!end) return std::unexpected(NoGnuplot());
  const Result<std::string> picture = ReadFile(drawn);
  if (!end->succeeded() || !picture || picture->empty()) {
    return Fail(ErrorCode::kIo, "gnuplot could not draw: " + ReadFile(work.path() / "log").value_or("").substr(0, 400));
  }
  return WriteFileAtomically(file, *picture);
}

}  // namespace winnow
