/// Pictures drawn by gnuplot, run as a child process.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace winnow {

bool HasGnuplot();

/// Whether a plot can be written to `file`, asked before long work. Errors: kInvalidArgument unless it ends in .svg or
/// .png; kNotFound where there is no gnuplot.
Result<void> CheckPlotFile(const std::filesystem::path& file);

/// In single quotes, which gnuplot takes as they are.
std::string GnuplotQuoted(const std::string& text);

/// The beginning of a script: where `out` goes, in the format that its extension names, so many pixels wide and high,
/// under a title, with our colours as line styles 1 to 4, for so many plots side by side.
std::string GnuplotHeading(const std::filesystem::path& out, int width, int height, const std::string& title,
                           int plots = 2);

/// Runs the script that `script` makes for a temporary file, and moves the picture to `file`, which appears once it is
/// whole. Errors: kNotFound where there is no gnuplot; kIo with gnuplot's own words.
Result<void> DrawWithGnuplot(const std::filesystem::path& file,
                             const std::function<std::string(const std::filesystem::path& out)>& script);

}  // namespace winnow
