// Help and documentation, made of the option table alone.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/option_name.h"
#include "base/options.h"

namespace winnow {
namespace {

/// Returns `text` in lines of at most `width` columns, broken at spaces (a longer word stands alone), each line but the
/// first behind `indent` spaces. `column` is where the first line begins.
std::string Wrap(std::string_view text, size_t indent, size_t width, size_t column) {
  std::string result;
  bool first = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!first && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    first = false;
  }
  return result;
}

std::string EscapedForTable(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string Option::UpperName() const { return UpperOptionName(name_); }

std::string Option::ValueText() const {
  if (flag_) return "";
  return allowed_.empty() ? value_name_ : fmt::format("{}", fmt::join(allowed_, "|"));
}

std::string Option::Shown() const {
  if (positional_) return UpperName() + (list_ ? "..." : "");
  if (flag_) return DefaultText().empty() ? "--" + name_ : fmt::format("--{0}, --no-{0}", name_);
  return fmt::format("--{} {}", name_, ValueText());
}

std::string Option::Listed() const { return short_ == '\0' ? Shown() : fmt::format("-{}, {}", short_, Shown()); }

std::string Option::DefaultText() const {
  if (default_text_) return *default_text_;
  if (flag_) return initial_text_ == "true" ? "on" : "";
  return initial_text_;
}

std::string Option::Notes() const {
  std::vector<std::string> notes;
  if (!DefaultText().empty()) notes.push_back("default: " + DefaultText());
  if (required_ && !positional_) notes.emplace_back("required");
  if (list_ && !positional_) notes.emplace_back("may be repeated");
  if (!aliases_.empty()) notes.push_back(fmt::format("also --{}", fmt::join(aliases_, ", --")));
  return notes.empty() ? "" : fmt::format(" ({})", fmt::join(notes, "; "));
}

std::vector<std::string> OptionTable::GroupTitles() const {
  std::vector<std::string> titles;
  for (const Option& option : options_) {
    if (option.positional_ || option.hidden_ || std::find(titles.begin(), titles.end(), option.group_) != titles.end())
      continue;
    titles.push_back(option.group_);
  }
  return titles;
}

std::vector<OptionSummary> OptionTable::Summaries() const {
  std::vector<OptionSummary> summaries;
  const auto add = [&](const Option& option) {
    summaries.push_back({.name = option.name_,
                         .listed = option.Listed(),
                         .help = option.help_,
                         .default_text = option.DefaultText(),
                         .group = option.positional_ ? "Arguments" : option.group_,
                         .value_name = option.flag_ ? "" : option.value_name_,
                         .allowed = option.allowed_,
                         .aliases = option.aliases_,
                         .letter = option.short_,
                         .origin = option.origin_,
                         .values = option.given() ? option.values_ : std::vector<std::string>(),
                         .place = option.place_,
                         .positional = option.positional_,
                         .flag = option.flag_,
                         .list = option.list_,
                         .required = option.required_});
  };
  for (const Option& option : options_) {
    if (option.positional_) add(option);
  }
  for (const std::string& title : GroupTitles()) {
    for (const Option& option : options_) {
      if (!option.positional_ && !option.hidden_ && option.group_ == title) add(option);
    }
  }
  return summaries;
}

std::string OptionTable::Usage() const {
  std::string usage = "winnow " + command_;
  for (const Option& option : options_) {
    if (option.positional_) usage += option.required_ ? " " + option.Shown() : " [" + option.Shown() + "]";
  }
  for (const Option& option : options_) {
    if (option.required_ && !option.positional_) usage += " " + option.Shown();
  }
  return usage + " [options]";
}

std::string OptionTable::HelpOfOptions(size_t columns, bool all) const {
  constexpr size_t kIndent = 30;
  std::string text;
  size_t hidden = 0;
  const auto add = [&](const Option& option) {
    std::string line = "  " + option.Listed();
    line += line.size() + 2 > kIndent ? "\n" + std::string(kIndent, ' ') : std::string(kIndent - line.size(), ' ');
    text += line + Wrap(option.help_ + option.Notes(), kIndent, columns, kIndent) + "\n";
  };
  bool arguments = false;
  for (const Option& option : options_) {
    if (!option.positional_) continue;
    if (!std::exchange(arguments, true)) text += "\nArguments:\n";
    add(option);
  }
  if (!all) text += "\nCommon options:\n";
  for (const std::string& title : GroupTitles()) {
    if (all) text += "\n" + title + ":\n";
    for (const Option& option : options_) {
      if (option.positional_ || option.hidden_ || option.group_ != title) continue;
      if (all || option.essential_) {
        add(option);
      } else {
        ++hidden;
      }
    }
  }
  if (hidden > 0) text += fmt::format("\n{} more options: winnow {} --help-all\n", hidden, command_);
  return text;
}

std::string OptionTable::Help(int width, bool all) const {
  const size_t columns = static_cast<size_t>(std::clamp(width, 50, 120));
  std::string text = Wrap("Usage: " + Usage(), 7, columns, 0) + "\n\n" + Wrap(summary_, 0, columns, 0) + "\n";
  if (!examples_.empty()) text += "\nExamples:\n";
  for (const auto& [line, meaning] : examples_) text += fmt::format("  {}\n      {}\n", line, meaning);
  for (const std::string& paragraph : paragraphs_) text += "\n" + Wrap(paragraph, 0, columns, 0) + "\n";
  return text + HelpOfOptions(columns, all || !has_essentials());
}

std::string OptionTable::Markdown() const {
  std::string text = fmt::format("## winnow {}\n\n{}\n\n", command_, summary_);
  for (const std::string& paragraph : paragraphs_) text += paragraph + "\n\n";
  text += fmt::format("    {}\n", Usage());
  for (const auto& [line, meaning] : examples_) text += fmt::format("    {:<60}  # {}\n", line, meaning);
  const auto row = [&](const Option& option) {
    const std::string shown = EscapedForTable(option.Listed());
    std::string also;
    for (const std::string& alias : option.aliases_) also += fmt::format("<br>`--{}`", alias);
    text += fmt::format("| `{}`{} | {} | {}{} |\n", shown, also, EscapedForTable(option.DefaultText()),
                        EscapedForTable(option.help_), option.required_ ? " (required)" : "");
  };
  const auto heading = [&](std::string_view title) {
    text += fmt::format("\n| {} | default | meaning |\n| --- | --- | --- |\n", title);
  };
  bool arguments = false;
  for (const Option& option : options_) {
    if (!option.positional_) continue;
    if (!std::exchange(arguments, true)) heading("Arguments");
    row(option);
  }
  for (const std::string& title : GroupTitles()) {
    heading(title);
    for (const Option& option : options_) {
      if (!option.positional_ && !option.hidden_ && option.group_ == title) row(option);
    }
  }
  return text;
}

}  // namespace winnow
