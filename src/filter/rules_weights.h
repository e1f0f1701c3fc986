/// The section [weights] of a file of rules, written by a program into a file that people write.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "filter/evidence.h"

namespace winnow {

/// Returns the text of a file of rules: that of the built-in rules for an empty path, and none for "none". Errors:
/// kNotFound, kIo.
Result<std::string> ContentsOfRules(const std::filesystem::path& path);

/// Returns the contents of a file of rules with these weights in the section [weights], which is replaced or added at
/// the end; everything else stays byte for byte. `file` is its name in errors. Errors: those of RuleSet::Parse;
/// kUnsupported if the weights stand in the file in a form other than a section of their own.
Result<std::string> WithWeights(std::string_view contents, const std::string& file, const EvidenceWeights& weights);

}  // namespace winnow
