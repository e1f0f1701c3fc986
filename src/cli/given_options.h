/// Which options the user gave, and which of them have no effect on what the command does.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/result.h"

namespace winnow {

/// The options that say how the files of a command are read, and those that choose the fields of labelled rows.
inline constexpr std::string_view kFormatOptionNames[] = {"text-field", "format",    "delimiter",
                                                          "quoting",    "no-header", "encoding"};
inline constexpr std::string_view kReadingOptionNames[] = {"text-field", "label-field", "filter",    "format",
                                                           "delimiter",  "quoting",     "no-header", "encoding"};

/// Returns true if the user gave the option: on the command line, in the environment or in a configuration file, but
/// not by a preset. `table` has been parsed; null: nothing was given.
bool IsGiven(const OptionTable* table, std::string_view name);

/// Finds the options that the user gave and that have no effect on what the command does.
class OptionEffects {
 public:
  /// `table` has been parsed, and outlives this; null: nothing was given.
  explicit OptionEffects(const OptionTable* table) : table_(table) {}

  /// Unless `have_effect`, adds a warning for each of the options that the user gave: "--seed has no effect without
  /// --folds". `why` is the end of the sentence.
  OptionEffects& Check(bool have_effect, std::span<const std::string_view> names, std::string_view why);
  OptionEffects& Check(bool have_effect, std::initializer_list<std::string_view> names, std::string_view why) {
    return Check(have_effect, std::span(names.begin(), names.size()), why);
  }

  const std::vector<std::string>& warnings() const { return warnings_; }
  /// Writes the warnings to the log.
  void Log() const;

 private:
  const OptionTable* table_;
  std::vector<std::string> warnings_;
};

/// Refuses the first of the options that the user gave: "--must-pass requires --feedback selected". Errors:
/// kInvalidArgument, with the advice.
Result<void> RefuseGiven(const OptionTable* table, std::initializer_list<std::string_view> names, std::string_view why,
                         std::string_view advice);

}  // namespace winnow
