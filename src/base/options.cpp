#include "base/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "base/environment.h"
#include "base/option_name.h"
#include "base/options_toml.h"
#include "base/suggest.h"

namespace winnow {
namespace {

constexpr std::string_view kSharesHint = "write shares as numbers from 0 to 1: 0.05 for 5 %";

std::string WithHyphens(std::string_view name) {
  std::string hyphens(name);
  std::replace(hyphens.begin(), hyphens.end(), '_', '-');
  return hyphens;
}

/// "a, b" -> "a", "b". A value without a comma keeps its blanks, which may belong to the name of a column.
std::vector<std::string> SplitAtCommas(const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (const std::string& value : values) {
    const bool divided = value.find(',') != std::string::npos;
    for (size_t begin = 0; begin <= value.size();) {
      const size_t end = std::min(value.find(',', begin), value.size());
      std::string part = value.substr(begin, end - begin);
      if (divided) part = std::string(Trim(part, " \t"));
      if (!part.empty()) parts.push_back(std::move(part));
      begin = end + 1;
    }
  }
  return parts;
}

/// In pods beside a service named winnow, Kubernetes puts its address into WINNOW_PORT (tcp://10.0.0.1:80), which is no
/// port to listen on.
bool IsServiceAddress(std::string_view variable, std::string_view value) {
  return variable == "WINNOW_PORT" && value.find("://") != std::string_view::npos;
}

}  // namespace

Option& Option::Undivided() {
  split_ = false;
  return *this;
}

Option& Option::Alias(std::string name) {
  aliases_.push_back(std::move(name));
  return *this;
}

Option& Option::ValueName(std::string name) {
  value_name_ = std::move(name);
  return *this;
}

Option& Option::OneOf(std::vector<std::string> values, std::map<std::string, std::string> synonyms) {
  allowed_ = std::move(values);
  value_synonyms_ = std::move(synonyms);
  return *this;
}

Option& Option::Range(double least, double most) {
  least_ = least;
  most_ = most;
  return *this;
}

Option& Option::AtLeast(double least) {
  least_ = least;
  return *this;
}

Option& Option::MoreThan(double bound) {
  more_than_ = bound;
  return *this;
}

Option& Option::Required() {
  required_ = true;
  return *this;
}

Option& Option::Default(std::string text) {
  default_text_ = std::move(text);
  return *this;
}

Option& Option::Hidden() {
  hidden_ = true;
  return *this;
}

Option& Option::Short(char letter) {
  short_ = letter;
  return *this;
}

Option& Option::Essential() {
  essential_ = true;
  return *this;
}

Option& Option::InsteadOf(std::string other) {
  instead_of_ = std::move(other);
  return *this;
}

Result<void> Option::Check(std::string& value, const std::string& place) const {
  if (const auto synonym = value_synonyms_.find(value); synonym != value_synonyms_.end()) value = synonym->second;
  if (!allowed_.empty() && std::find(allowed_.begin(), allowed_.end(), value) == allowed_.end()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: '{}' is not one of {}", place, value, fmt::join(allowed_, ", ")),
                DidYouMean(value, allowed_, ""));
  }
  if (!least_ && !most_ && !more_than_) return {};
  double number = 0;
  if (!ParseOptionValue(value, number)) return {};  // the field's own type tells what is wrong
  std::string bound;
  if (more_than_ && number <= *more_than_) bound = "more than " + FormatOptionValue(*more_than_);
  if (least_ && number < *least_) bound = "at least " + FormatOptionValue(*least_);
  if (most_ && number > *most_) bound = "at most " + FormatOptionValue(*most_);
  if (bound.empty()) return {};
  const bool share = most_ && *most_ <= 1 && number > 1;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: {} is out of range; it must be {}", place, value, bound),
              share ? std::string(kSharesHint) : "");
}

Result<void> Option::Set(std::vector<std::string> values, OptionOrigin origin, const std::string& place) {
  if (split_) values = SplitAtCommas(values);
  if (!list_ && values.empty())
    return Fail(ErrorCode::kInvalidArgument, place + ": a value is missing", "specify it behind the name");
  if (!list_ && values.size() > 1 && origin != OptionOrigin::kCommandLine) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: expected one value, got {}", place, values.size()),
                "specify one value");
  }
  for (std::string& value : values) TRY(Check(value, place));
  if (Result<void> set = set_(values); !set) {
    // Lists hold texts and paths, of which at most an empty one fails: showing the last value names the culprit or is
    // close.
    const bool percent = values.back().ends_with('%') && set.error().message == "is not a number";
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: '{}' {}", place, values.back(), set.error().message),
                percent ? std::string(kSharesHint) : set.error().hint);
  }
  origin_ = origin;
  place_ = place;
  values_ = std::move(values);
  return {};
}

void Option::Reset() {
  reset_();
  origin_ = OptionOrigin::kDefault;
}

OptionTable::OptionTable(std::string command, std::string summary)
    : command_(std::move(command)), summary_(std::move(summary)) {}

void OptionTable::Describe(std::string paragraph) { paragraphs_.push_back(std::move(paragraph)); }

void OptionTable::Example(std::string command_line, std::string meaning) {
  examples_.emplace_back(std::move(command_line), std::move(meaning));
}

void OptionTable::Group(std::string title) { group_ = std::move(title); }

Option& OptionTable::NewOption(std::string name, std::string help) {
  Option& option = options_.emplace_back();
  option.name_ = std::move(name);
  option.help_ = std::move(help);
  option.group_ = group_;
  return option;
}

void OptionTable::AddCompatible(std::string name, bool flag, std::vector<std::string> accepted, std::string advice) {
  Option& option = NewOption(std::move(name), "").Hidden();
  option.flag_ = flag;
  option.value_name_ = "TEXT";
  option.reset_ = [] {};
  option.set_ = [flag, accepted = std::move(accepted),
                 advice = std::move(advice)](std::span<const std::string> texts) -> Result<void> {
    std::string value = LowerAscii(texts.back());
    if (bool on = false; flag) {
      TRY(ParseOptionValue(value, on));
      value = FormatOptionValue(on);
    }
    if (accepted.empty() || std::ranges::find(accepted, value) != accepted.end()) return {};
    return Fail(ErrorCode::kInvalidArgument, "is not supported", advice);
  };
}

void OptionTable::Advise(std::string name, std::string advice) { advice_[std::move(name)] = std::move(advice); }

Option& OptionTable::AddConfig(std::string name, std::optional<std::filesystem::path>* field, std::string help) {
  Option& option = Add(std::move(name), field, std::move(help));
  option.role_ = Option::Role::kConfig;
  return option;
}

Option& OptionTable::AddPreset(std::string name, std::optional<std::string>* field, std::string help) {
  Option& option = Add(std::move(name), field, std::move(help)).ValueName("NAME");
  option.role_ = Option::Role::kPreset;
  return option;
}

Option& OptionTable::AddHelp(std::string name, bool* field, std::string help) {
  const bool has_all = has_essentials();
  Option& option = Add(name, field, std::move(help)).Short('h').Essential();
  option.role_ = Option::Role::kHelp;
  if (has_all) {
    Add(name + "-all", field, "Show all options").Essential().role_ = Option::Role::kHelpAll;
  } else {
    option.essential_ = false;
  }
  return option;
}

bool OptionTable::has_essentials() const {
  return std::ranges::any_of(options_, [](const Option& option) { return option.essential_; });
}

const Option* OptionTable::Find(std::string_view name) const {
  const std::string wanted = WithHyphens(name);
  for (const Option& option : options_) {
    if (option.name_ == wanted) return &option;
    if (std::find(option.aliases_.begin(), option.aliases_.end(), wanted) != option.aliases_.end()) return &option;
  }
  return nullptr;
}

Option* OptionTable::FindMutable(std::string_view name) { return const_cast<Option*>(std::as_const(*this).Find(name)); }

std::vector<std::string> OptionTable::Names(bool with_positionals) const {
  std::vector<std::string> names;
  for (const Option& option : options_) {
    if (option.hidden_ || (option.positional_ && !with_positionals)) continue;
    names.push_back(option.name_);
    names.insert(names.end(), option.aliases_.begin(), option.aliases_.end());
  }
  return names;
}

Result<void> OptionTable::Assign(Option& option, std::vector<std::string> values, OptionOrigin origin,
                                 const std::string& place) {
  // Rivals name each other in one direction only; look in both.
  for (Option& other : options_) {
    if (other.name_ != option.instead_of_ && (option.name_ != other.instead_of_)) continue;
    if (other.origin_ == origin) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("{} cannot be combined with {}", other.place_, place),
                  "specify only one of these options");
    }
    if (other.given()) other.Reset();
  }
  return option.Set(std::move(values), origin, place);
}

Result<void> OptionTable::ApplyEntries(std::vector<TomlEntry> entries, const std::string& file, OptionOrigin origin) {
  std::map<const Option*, std::string> set;  // by the names in the file
  for (TomlEntry& entry : entries) {
    const std::string place = fmt::format("{}, line {}: {}", file, entry.line, entry.key);
    Option* option = FindMutable(entry.key);
    if (option == nullptr) {
      const auto advice = advice_.find(WithHyphens(entry.key));
      if (advice != advice_.end()) return Fail(ErrorCode::kInvalidArgument, place + ": not supported", advice->second);
      return Fail(ErrorCode::kInvalidArgument, place + ": no such option",
                  DidYouMean(WithHyphens(entry.key), Names(true),
                             fmt::format("'winnow {} --help' lists the options", command_)));
    }
    const bool preset_in_config = option->role_ == Option::Role::kPreset && origin == OptionOrigin::kConfig;
    if (option->role_ != Option::Role::kNone && !preset_in_config) {
      return Fail(ErrorCode::kInvalidArgument, place + ": this option is not allowed in a configuration file",
                  "specify it on the command line");
    }
    if (entry.values.empty() && !option->list_) {
      return Fail(ErrorCode::kInvalidArgument, place + ": got an empty list, expected one value",
                  "specify a value, or remove the line");
    }
    if (const auto [earlier, first] = set.emplace(option, entry.key); !first) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: the same option as '{}' above", place, earlier->second),
                  "specify it once");
    }
    if (preset_in_config) continue;  // Parse has read it
    TRY(Assign(*option, std::move(entry.values), origin, place));
  }
  return {};
}

Result<void> OptionTable::CheckRequired() const {
  for (const Option& option : options_) {
    if (!option.required_ || option.given()) continue;
    std::string what;  // of a positional argument, whose name says little
    if (option.positional_) what = ": " + option.help_.substr(0, option.help_.find(';'));
    return Fail(ErrorCode::kInvalidArgument, option.Shown() + " is missing" + what, "usage: " + Usage());
  }
  return {};
}

Result<ParseOutcome> OptionTable::Parse(std::span<const std::string> arguments, const OptionSources& sources) {
  using Variables = std::vector<std::pair<std::string, std::string>>;  // names and values
  const auto environment = [&](const Option& option) {
    Variables found;
    const auto look = [&](const std::string& name) {
      std::string variable = "WINNOW_" + UpperOptionName(name);
      auto value = sources.environment ? sources.environment(variable) : EnvironmentVariable(variable);
      if (value && !IsServiceAddress(variable, *value)) found.emplace_back(std::move(variable), *std::move(value));
    };
    look(option.name_);
    for (const std::string& alias : option.aliases_) look(alias);
    return found;
  };
  for (Option& option : options_) option.Reset();
  std::vector<CommandLineValues> command_line = TRY(ReadCommandLine(arguments));
  const auto from_command_line = [&](const Option& option) -> std::optional<std::string> {
    for (const CommandLineValues& given : command_line) {
      if (given.option == &option) return given.values.back();
    }
    return std::nullopt;
  };
  std::optional<std::string> config, preset;
  for (const Option& option : options_) {
    if (option.IsHelp() && from_command_line(option)) {
      return option.role_ == Option::Role::kHelp ? ParseOutcome::kHelp : ParseOutcome::kHelpAll;
    }
    if (option.role_ != Option::Role::kConfig && option.role_ != Option::Role::kPreset) continue;
    std::optional<std::string>& file = option.role_ == Option::Role::kConfig ? config : preset;
    file = from_command_line(option);
    if (const Variables variables = environment(option); !file && !variables.empty()) file = variables[0].second;
  }
  // A preset lies under the configuration file, which may name it.
  if (config && !preset) {
    for (const TomlEntry& entry : TRY(ReadTomlOptions(*config))) {
      const Option* option = Find(entry.key);
      if (option != nullptr && option->role_ == Option::Role::kPreset && !entry.values.empty())
        preset = entry.values[0];
    }
  }
  if (preset) TRY(ApplyPreset(*preset, sources));
  if (config) TRY(ApplyEntries(TRY(ReadTomlOptions(*config)), *config, OptionOrigin::kConfig));
  for (Option& option : options_) {
    if (option.positional_ || option.IsHelp()) continue;
    Variables variables = environment(option);
    if (variables.size() > 1) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} and {} are the same option", variables[0].first, variables[1].first),
                  "set only one of these variables");
    }
    for (auto& [variable, value] : variables) {
      TRY(Assign(option, {std::move(value)}, OptionOrigin::kEnvironment, variable));
    }
  }
  for (CommandLineValues& given : command_line) {
    const std::string place = given.option->positional_ ? given.option->Shown() : "--" + given.option->name_;
    TRY(Assign(*given.option, std::move(given.values), OptionOrigin::kCommandLine, place));
  }
  if (sources.check_required) TRY(CheckRequired());
  return ParseOutcome::kRun;
}

}  // namespace winnow
