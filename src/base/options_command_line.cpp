// How arguments become values of options: CLI11 divides the command line, and all else is ours.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/option_guesses.h"
#include "base/options.h"
#include "base/suggest.h"

namespace winnow {
namespace {

/// "--batch_size=4" -> "--batch-size=4": names only, never values, and nothing behind "--".
std::vector<std::string> ArgumentsWithHyphens(std::span<const std::string> arguments) {
  std::vector<std::string> result(arguments.begin(), arguments.end());
  for (std::string& argument : result) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const size_t end = std::min(argument.find('='), argument.size());
    std::replace(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  }
  return result;
}

}  // namespace

Error OptionTable::UnknownOption(const std::string& argument) const {
  const std::string name = argument.substr(0, argument.find('='));
  const std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  if (const auto advice = advice_.find(bare); advice != advice_.end()) {
    return {ErrorCode::kInvalidArgument, fmt::format("option '{}' is not supported", name), advice->second};
  }
  // "-5 degrees" is a text; no option has a space in its name.
  if (name.find(' ') != std::string::npos) {
    return {ErrorCode::kInvalidArgument, fmt::format("unknown option '{}'", name),
            "if it is an argument that begins with '-', specify it after '--'"};
  }
  const std::vector<std::string> names = Names(false);
  std::string hint;
  for (const Option& option : options_) {
    if (!option.positional_ || !MayMeanArgument(bare, option.name_)) continue;
    hint = fmt::format("{} is an argument without a name: {}", option.Shown(), Usage());
  }
  if (hint.empty()) hint = SuggestOption(bare, names);
  if (hint.empty()) hint = DidYouMean(bare, names, fmt::format("'winnow {} --help' lists the options", command_), "--");
  return {ErrorCode::kInvalidArgument, fmt::format("unknown option '{}'", name), std::move(hint)};
}

std::vector<std::string> OptionTable::WithFlagValues(std::vector<std::string> arguments) const {
  if (!flag_values_) return arguments;
  std::vector<std::string> joined;
  for (std::string& argument : arguments) {
    const bool value = argument == "True" || argument == "False" || argument == "true" || argument == "false";
    const Option* flag =
        value && !joined.empty() && joined.back().starts_with("--") ? Find(joined.back().substr(2)) : nullptr;
    if (flag != nullptr && flag->flag_) {
      joined.back() += "=" + argument;
    } else {
      joined.push_back(std::move(argument));
    }
  }
  return joined;
}

Result<std::vector<OptionTable::CommandLineValues>> OptionTable::ReadCommandLine(
    std::span<const std::string> arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  const auto end_of_options = static_cast<size_t>(end - arguments.begin());
  CLI::App app;
  app.set_help_flag();  // help is an option of ours like the others
  // CLI11 would split positionals such as "[a, b]" as lists of its own, so we take all that it leaves over, in order;
  // that also lets us say what an unknown option was meant to be.
  app.allow_extras();
  std::vector<std::pair<Option*, CLI::Option*>> pairs;
  try {
    for (Option& option : options_) {
      if (option.positional_) continue;
      std::string names = option.short_ == '\0' ? "" : std::string("-") + option.short_;
      std::vector<std::string> spellings = {option.name_};
      spellings.insert(spellings.end(), option.aliases_.begin(), option.aliases_.end());
      for (const std::string& spelling : spellings) {
        names += (names.empty() ? "--" : ",--") + spelling;
        if (option.flag_ && !option.IsHelp()) names += ",!--no-" + spelling;
      }
      CLI::Option* added = option.flag_ ? app.add_flag(names) : app.add_option(names);
      if (!option.flag_ && option.list_) added->expected(1, CLI::detail::expected_max_vector_size);
      if (!option.flag_) added->allow_extra_args(false);
      // A flag takes no value, and the last one of several wins. A list keeps all values; of any other option a second
      // value would silently replace the first, and is refused below.
      if (!option.list_) {
        added->multi_option_policy(option.flag_ ? CLI::MultiOptionPolicy::TakeLast : CLI::MultiOptionPolicy::TakeAll);
      }
      pairs.emplace_back(&option, added);
    }
    std::vector<std::string> reversed = WithFlagValues(ArgumentsWithHyphens(arguments.first(end_of_options)));
    // CLI11 would take the next argument for the value of "--name=", as a script writes it with an empty variable.
    for (const std::string& argument : reversed) {
      if (!argument.starts_with("--") || !argument.ends_with('=')) continue;
      const std::string name = argument.substr(2, argument.size() - 3);
      if (const Option* const option = Find(name); option == nullptr || option->flag_ || option->positional_) continue;
      return Fail(ErrorCode::kInvalidArgument, fmt::format("--{}: a value is missing", name),
                  fmt::format("nothing follows '='; 'winnow {} --help' explains the options", command_));
    }
    std::reverse(reversed.begin(), reversed.end());
    app.parse(reversed);
  } catch (const CLI::ArgumentMismatch& error) {
    // "--epochs: 1 required  missing": every option of ours takes at most one value at a time.
    const std::string_view what = error.what();
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: a value is missing", what.substr(0, what.find(':'))),
                fmt::format("'winnow {} --help' explains the options", command_));
  } catch (const CLI::ParseError& error) {
    return Fail(ErrorCode::kInvalidArgument, error.what(),
                fmt::format("'winnow {} --help' explains the options", command_));
  }
  std::vector<CommandLineValues> given;
  bool help = false;
  for (const auto& [option, read] : pairs) {
    if (read->count() == 0) continue;
    if (!option->list_ && !option->flag_ && read->results().size() > 1) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("--{}: specified {} times, with the values {}", option->name_, read->results().size(),
                              fmt::join(read->results(), ", ")),
                  "the option takes one value; specify it once");
    }
    given.push_back({option, read->results()});
    help |= option->IsHelp();
  }
  if (help) return given;
  std::vector<std::string> positionals = app.remaining();
  for (const std::string& extra : positionals) {
    if (extra.size() > 1 && extra[0] == '-') return std::unexpected(UnknownOption(extra));
  }
  if (end != arguments.end()) positionals.insert(positionals.end(), end + 1, arguments.end());
  size_t next = 0;
  for (Option& option : options_) {
    if (!option.positional_ || next == positionals.size()) continue;
    const size_t taken = option.list_ ? positionals.size() - next : 1;
    const auto first = positionals.begin() + static_cast<std::ptrdiff_t>(next);
    given.push_back({&option, std::vector<std::string>(first, first + static_cast<std::ptrdiff_t>(taken))});
    next += taken;
  }
  if (next < positionals.size()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("unexpected argument '{}'", positionals[next]),
                "usage: " + Usage());
  }
  return given;
}

}  // namespace winnow
