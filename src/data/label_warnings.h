/// Warnings about the names of a data set's labels.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace winnow {

/// Returns warnings, as sentences for the user, for label names that are nearly equal, that look like lists of labels
/// in a set that is not a multi-label one, and that usually stand for an unknown label.
std::vector<std::string> LabelWarnings(std::span<const std::string> names, bool multi_label);

}  // namespace winnow
