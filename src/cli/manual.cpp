#include "cli/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ascii.h"
#include "cli/commands.h"

namespace winnow {
namespace {

/// Text as roff prints it: a backslash and a hyphen are special everywhere, a dot or an apostrophe at the beginning of
/// a line (man(7), groff_char(7)).
std::string Roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool first = escaped.empty() || escaped.back() == '\n';
    if (first && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string PageName(std::string_view command) {
  std::string name = fmt::format("winnow-{}", command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string Title(std::string_view page) {
  return fmt::format(".TH {} 1 \"\" \"Winnow {}\" \"Winnow\"\n", Roff(UpperAscii(page)), WINNOW_VERSION);
}

/// Summaries end with a full stop, which the line of NAME does not (man-pages(7)).
std::string NameLine(std::string_view page, std::string_view summary) {
  if (summary.ends_with('.')) summary.remove_suffix(1);
  std::string text(summary);
  if (!text.empty()) text.front() = LowerAscii(text.front());
  return fmt::format(".SH NAME\n{} \\- {}\n", Roff(page), Roff(text));
}

std::string OptionText(const OptionSummary& option) {
  std::string text = fmt::format(".TP\n.B {}\n{}\n", Roff(option.listed), Roff(option.help));
  std::vector<std::string> notes;
  if (!option.default_text.empty()) notes.push_back("default: " + option.default_text);
  if (option.required && !option.positional) notes.emplace_back("required");
  if (option.list && !option.positional) notes.emplace_back("may be repeated");
  for (const std::string& alias : option.aliases) notes.push_back("also --" + alias);
  if (!notes.empty()) text += Roff(fmt::format("({})", fmt::join(notes, "; "))) + "\n";
  return text;
}

ManualPage PageOf(const Command& command) {
  const std::unique_ptr<Invocation> invocation = command.begin();
  const OptionTable& table = invocation->table();
  const std::string name = PageName(command.name);
  std::string text = Title(name) + NameLine(name, command.summary) + ".SH SYNOPSIS\n" + Roff(table.Usage()) + "\n";
  text += ".SH DESCRIPTION\n" + Roff(command.summary) + "\n";
  for (const std::string& paragraph : table.paragraphs()) text += ".PP\n" + Roff(paragraph) + "\n";
  std::string group;
  for (const OptionSummary& option : table.Summaries()) {
    if (option.group != group) {
      text += fmt::format(".SH \"{}\"\n", Roff(UpperAscii(option.group)));
      group = option.group;
    }
    text += OptionText(option);
  }
  if (!table.examples().empty()) text += ".SH EXAMPLES\n";
  for (const auto& [line, meaning] : table.examples()) {
    text += fmt::format(".TP\n.B {}\n{}\n", Roff(line), Roff(meaning));
  }
  text += ".SH \"EXIT STATUS\"\n0 for success, 1 for failure, 2 for invalid usage.\n.SH \"SEE ALSO\"\n.BR winnow (1)\n";
  return {name, text};
}

ManualPage Overview() {
  std::string text = Title("winnow") +
                     ".SH NAME\nwinnow \\- trains, checks, serves and improves small text classifiers\n"
                     ".SH SYNOPSIS\n.B winnow\n.I COMMAND\n[options]\n.SH COMMANDS\n";
  for (const Command& command : AllCommands()) {
    text += fmt::format(".TP\n.BR {} (1)\n{}\n", Roff(PageName(command.name)), Roff(command.summary));
  }
  text +=
      ".SH ENVIRONMENT\nThe value of an option comes from the command line, else from the environment variable\n"
      "WINNOW_ followed by the name of the option in capitals, else from the TOML file of\n.BR \\-\\-config ,\n"
      "else from the preset, else it is the default.\n"
      ".SH \"EXIT STATUS\"\n0 for success, 1 for failure, 2 for invalid usage.\n";
  return {"winnow", text};
}

}  // namespace

std::vector<ManualPage> ManualPages() {
  std::vector<ManualPage> pages = {Overview()};
  for (const Command& command : AllCommands()) pages.push_back(PageOf(command));
  return pages;
}

}  // namespace winnow
