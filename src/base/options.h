/// One table of options per command: it feeds parsing (CLI11), TOML files (toml++), the environment, "did you mean",
/// help and docs/cli.md. Options bind to the fields of a plain struct whose initial values are the defaults:
///
///     struct GreetOptions { int times = 1; std::string name; };
///     OptionTable table("greet", "Says hello.");
///     table.AddPositional("name", &options.name, "Whom to greet").Required();
///     table.Add("times", &options.times, "How often").AtLeast(1).Alias("num-times");
///     if (TRY(table.Parse(arguments)) == ParseOutcome::kHelp) ...
///
/// A value comes from the command line, else WINNOW_OPTION_NAME, else --config FILE, else --preset NAME, else the
/// default; a list from one of them replaces a list from another. Hyphen and underscore are the same in names. Paths in
/// files are relative to the working directory, as if typed. Every error is kInvalidArgument, or what reading a file
/// gave, names where the value came from and says what would be right. Not thread-safe; the struct must outlive the
/// table.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/option_values.h"
#include "base/options_toml.h"
#include "base/result.h"

namespace winnow {

/// The source of an option's value, by increasing precedence.
enum class OptionOrigin { kDefault, kPreset, kConfig, kEnvironment, kCommandLine };

/// One row of the table. The setters return the option itself, to be chained.
class Option {
 public:
  /// Has the values of a list taken as they are: a comma divides none of them.
  Option& Undivided();
  /// Adds another accepted name, without leading hyphens, such as Hugging Face's own ("learning-rate").
  Option& Alias(std::string name);
  /// Sets the placeholder of the value in usage lines, in place of the field type's: "FILE", "DIR", "NAME".
  Option& ValueName(std::string name);
  /// Sets the only values that are accepted. A key of `synonyms` is read as the value it maps to.
  Option& OneOf(std::vector<std::string> values, std::map<std::string, std::string> synonyms = {});
  /// Sets the inclusive bounds of a number.
  Option& Range(double least, double most);
  Option& AtLeast(double least);
  /// Requires a number greater than `bound`.
  Option& MoreThan(double bound);
  /// Makes it an error if no origin gives a value.
  Option& Required();
  /// Sets the default that help shows in place of the field's initial value: "the base model's".
  Option& Default(std::string text);
  /// Leaves the option out of help, docs/cli.md and suggestions.
  Option& Hidden();
  /// Adds a name of one letter: 'o' is -o.
  Option& Short(char letter);
  /// Shows the option in the short help (OptionTable::Help).
  Option& Essential();
  /// Declares that the option `other` sets the same thing. A value from a higher origin resets the other to its
  /// default; values of the two options from the same origin are an error.
  Option& InsteadOf(std::string other);

  const std::string& name() const { return name_; }
  OptionOrigin origin() const { return origin_; }
  /// Returns true if the user gave a value, from any origin.
  bool given() const { return origin_ != OptionOrigin::kDefault; }

 private:
  friend class OptionTable;
  enum class Role { kNone, kConfig, kPreset, kHelp, kHelpAll };

  /// Sets the value. `place` is the beginning of an error's message: "--epochs", "WINNOW_EPOCHS", "spam.toml, line 3:
  /// epochs".
  Result<void> Set(std::vector<std::string> values, OptionOrigin origin, const std::string& place);
  Result<void> Check(std::string& value, const std::string& place) const;
  void Reset();
  std::string Shown() const;   // "--lr X", "--keep-data, --no-keep-data", "DATA..."
  std::string Listed() const;  // "-o, --output FILE": Shown with the name of one letter
  bool IsHelp() const { return role_ == Role::kHelp || role_ == Role::kHelpAll; }
  std::string Notes() const;        // "(default: 2e-5; also --learning-rate)"
  std::string DefaultText() const;  // "2e-5", or ""
  std::string ValueText() const;    // "X", "linear|cosine", "" for flags
  std::string UpperName() const;    // "BATCH_SIZE"

  std::string name_;
  std::string help_;
  std::string group_;
  std::vector<std::string> aliases_;
  std::string value_name_;
  std::vector<std::string> allowed_;
  std::map<std::string, std::string> value_synonyms_;
  std::optional<double> least_, most_, more_than_;
  std::optional<std::string> default_text_;
  std::string initial_text_;
  std::string instead_of_;
  Role role_ = Role::kNone;
  char short_ = '\0';
  bool essential_ = false;
  bool required_ = false;
  bool positional_ = false;
  bool flag_ = false;
  bool hidden_ = false;  // from help and suggestions
  bool list_ = false;
  bool split_ = false;  // whether each value of the list is split at commas
  OptionOrigin origin_ = OptionOrigin::kDefault;
  std::string place_;
  std::vector<std::string> values_;  // as given
  std::function<Result<void>(std::span<const std::string>)> set_;
  std::function<void()> reset_;
};

/// The sources that Parse reads besides the command line; empty members mean those of the process.
struct OptionSources {
  std::function<std::optional<std::string>(const std::string& variable)> environment;
  std::optional<std::vector<std::filesystem::path>> preset_directories;
  bool check_required = true;  ///< whether an option that is required and was not given is an error
};

enum class ParseOutcome {
  kRun,      ///< all fields have their values
  kHelp,     ///< --help was given; the other arguments were not checked
  kHelpAll,  ///< --help-all was given; the other arguments were not checked
};

/// An option as a manual page or a shell's completion shows it.
struct OptionSummary {
  std::string name;                              ///< without leading hyphens
  std::string listed;                            ///< "-o, --output FILE", "--keep-data, --no-keep-data", "DATA..."
  std::string help, default_text;                ///< default_text: empty for none
  std::string group;                             ///< its heading
  std::string value_name;                        ///< "FILE", "DIR", "N"; empty for a flag
  std::vector<std::string> allowed;              ///< the only values that are accepted; empty: any
  std::vector<std::string> aliases;              ///< other names, without leading hyphens
  char letter = '\0';                            ///< name of one letter
  OptionOrigin origin = OptionOrigin::kDefault;  ///< where its value comes from, after Parse
  std::vector<std::string> values;               ///< as given; empty for a default
  std::string place;  ///< where it was given: "spam.toml, line 3: epochs"; empty for a default
  bool positional = false, flag = false, list = false, required = false;
};

class OptionTable {
 public:
  /// Creates an empty table. `command` is the text after "winnow" on the command line: "train", "data inspect".
  OptionTable(std::string command, std::string summary);
  OptionTable(const OptionTable&) = delete;
  OptionTable& operator=(const OptionTable&) = delete;

  /// Adds a paragraph to the help, after the summary.
  void Describe(std::string paragraph);
  /// Adds an example command line to the help, with its effect.
  void Example(std::string command_line, std::string meaning);
  /// Sets the heading of the options added from here on.
  void Group(std::string title);

  /// Binds an option to a field: bool (a flag, with --no-NAME; empty std::optional<bool>: not given), int, int64_t,
  /// uint64_t, float, double, std::string, std::filesystem::path, std::optional of those, or std::vector of std::string
  /// (repeatable, and divided at commas) or of path (repeatable). The reference stays valid as long as the table.
  template <typename T>
  Option& Add(std::string name, T* field, std::string help);
  /// Binds a positional argument. Its name is used only in configuration files and in the help. Positional arguments
  /// are filled in order; a vector takes all remaining ones.
  template <typename T>
  Option& AddPositional(std::string name, T* field, std::string help);
  /// Binds an option to an enumeration; the names in `choices` are the allowed values.
  template <typename Enum>
  Option& AddChoice(std::string name, Enum* field, std::vector<std::pair<std::string, Enum>> choices, std::string help);
  /// Adds a hidden option of another program: `accepted` are the values that ask for what the command does anyway,
  /// without regard to case (empty: every value); other values are refused with the advice. A `flag` without a value
  /// counts as "true".
  void AddCompatible(std::string name, bool flag, std::vector<std::string> accepted, std::string advice);
  /// Adds advice to the error that an unknown option of this name gives.
  void Advise(std::string name, std::string advice);
  /// Reads "True", "true", "False" or "false" behind a flag as its value, as Hugging Face's scripts do. For commands
  /// whose positional arguments are files.
  void AcceptFlagValues() { flag_values_ = true; }
  /// Adds the options for a configuration file, for a preset and for help, which Parse handles itself. AddHelp also
  /// adds
  /// --help-all if there are essential options.
  Option& AddConfig(std::string name, std::optional<std::filesystem::path>* field, std::string help);
  Option& AddPreset(std::string name, std::optional<std::string>* field, std::string help);
  Option& AddHelp(std::string name, bool* field, std::string help);

  /// Resets the fields to their defaults and fills them. `arguments` are the arguments after the command's name.
  Result<ParseOutcome> Parse(std::span<const std::string> arguments, const OptionSources& sources = {});

  /// Returns the option with that name or alias, or null.
  const Option* Find(std::string_view name) const;

  /// Returns true if an option is essential: then the help is short, and --help-all shows all options.
  bool has_essentials() const;
  const std::string& command() const { return command_; }
  const std::string& summary() const { return summary_; }
  /// Returns the usage line: "winnow train DATA... --output-dir DIR [options]".
  std::string Usage() const;
  /// Returns the text of --help, wrapped to `width` columns. If options are essential, only those are shown, unless
  /// `all` is true.
  std::string Help(int width = 100, bool all = false) const;
  /// Returns the command's section of docs/cli.md.
  std::string Markdown() const;
  /// Returns all options that are not hidden, in the order of the help.
  std::vector<OptionSummary> Summaries() const;
  const std::vector<std::string>& paragraphs() const { return paragraphs_; }
  /// Returns the example command lines with their effects.
  const std::vector<std::pair<std::string, std::string>>& examples() const { return examples_; }

 private:
  struct CommandLineValues {
    Option* option;
    std::vector<std::string> values;
  };

  template <typename T>
  Option& Bind(std::string name, T* field, std::string help);
  Option& NewOption(std::string name, std::string help);
  Option* FindMutable(std::string_view name);
  std::vector<std::string> Names(bool with_positionals) const;
  std::vector<std::string> GroupTitles() const;
  Result<std::vector<CommandLineValues>> ReadCommandLine(std::span<const std::string> arguments);
  Error UnknownOption(const std::string& argument) const;
  std::vector<std::string> WithFlagValues(std::vector<std::string> arguments) const;
  std::string HelpOfOptions(size_t columns, bool all) const;
  Result<void> ApplyEntries(std::vector<TomlEntry> entries, const std::string& file, OptionOrigin origin);
  Result<void> ApplyPreset(const std::string& name, const OptionSources& sources);
  Result<void> Assign(Option& option, std::vector<std::string> values, OptionOrigin origin, const std::string& place);
  Result<void> CheckRequired() const;

  std::string command_;
  std::string summary_;
  std::vector<std::string> paragraphs_;
  std::vector<std::pair<std::string, std::string>> examples_;
  std::string group_ = "Options";
  std::deque<Option> options_;                 // references to options stay valid
  std::map<std::string, std::string> advice_;  // by the name of an unknown option
  bool flag_values_ = false;
};

template <typename T>
Option& OptionTable::Bind(std::string name, T* field, std::string help) {
  Option& option = NewOption(std::move(name), std::move(help));
  option.reset_ = [field, initial = *field] { *field = initial; };
  constexpr bool kList = requires { typename T::allocator_type; }
  &&!std::is_same_v<T, std::string>;
  if constexpr (kList) {
    using Value = typename T::value_type;
    option.list_ = true;
    option.split_ = std::is_same_v<Value, std::string>;
    option.value_name_ = ValueNameOf(static_cast<const Value*>(nullptr));
    for (const Value& value : *field)
      option.initial_text_ += (option.initial_text_.empty() ? "" : ",") + FormatOptionValue(value);
    option.set_ = [field](std::span<const std::string> texts) -> Result<void> {
      T values;
      for (const std::string& text : texts) TRY(ParseOptionValue(text, values.emplace_back()));
      *field = std::move(values);
      return {};
    };
  } else {
    option.flag_ = std::is_same_v<T, bool> || std::is_same_v<T, std::optional<bool>>;
    option.value_name_ = ValueNameOf(static_cast<const T*>(nullptr));
    option.initial_text_ = FormatOptionValue(*field);
    option.set_ = [field](std::span<const std::string> texts) { return ParseOptionValue(texts.back(), *field); };
  }
  return option;
}

template <typename T>
Option& OptionTable::Add(std::string name, T* field, std::string help) {
  return Bind(std::move(name), field, std::move(help));
}

template <typename T>
Option& OptionTable::AddPositional(std::string name, T* field, std::string help) {
  Option& option = Bind(std::move(name), field, std::move(help));
  option.positional_ = true;
  option.split_ = false;  // a text may hold commas
  return option;
}

template <typename Enum>
Option& OptionTable::AddChoice(std::string name, Enum* field, std::vector<std::pair<std::string, Enum>> choices,
                               std::string help) {
  Option& option = NewOption(std::move(name), std::move(help));
  for (const auto& [text, value] : choices) {
    option.allowed_.push_back(text);
    if (value == *field) option.initial_text_ = text;
  }
  option.reset_ = [field, initial = *field] { *field = initial; };
  option.set_ = [field, choices = std::move(choices)](std::span<const std::string> texts) -> Result<void> {
    for (const auto& [text, value] : choices) {
      if (text == texts.back()) *field = value;
    }
    return {};
  };
  return option;
}

}  // namespace winnow
