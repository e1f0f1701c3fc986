#include "milter/milter_answer.h"

#include <fmt/format.h>

namespace winnow {
namespace {

using Disposition = MilterAnswer::Disposition;

// A line of a message has at most 78 characters, if possible (RFC 5322, section 2.1.1).
constexpr size_t kLineWidth = 76;
constexpr size_t kLongestName = 60;
constexpr size_t kMostSymbols = 100;

/// The characters of a symbol that cannot be taken for anything else in the header.
std::string SymbolName(std::string_view name) {
  std::string clean;
  for (const char c : name.substr(0, kLongestName)) {
    if (c > ' ' && c < 0x7f && c != '(' && c != ')' && c != ',') clean += c;
  }
  return clean;
}

std::string SymbolsValue(const MailVerdict& verdict) {
  std::string value;
  size_t width = std::string_view("X-Spam-Symbols: ").size();
  for (size_t i = 0; i < verdict.symbols.size() && i < kMostSymbols; ++i) {
    const auto& [name, score] = verdict.symbols[i];
    std::string symbol = fmt::format("{}({:.2f})", SymbolName(name), score);
    if (i + 1 < verdict.symbols.size() && i + 1 < kMostSymbols) symbol += ',';
    const bool fits = width + 1 + symbol.size() <= kLineWidth;
    if (i > 0) value += fits ? " " : "\n\t";
    width = fits ? width + 1 + symbol.size() : 1 + symbol.size();
    value += symbol;
  }
  return value;
}

}  // namespace

MilterAnswer AnswerFor(const MailVerdict& verdict, SpamAction on_spam) {
  MilterAnswer answer;
  if (verdict.is_spam && on_spam == SpamAction::kQuarantine) answer.disposition = Disposition::kQuarantine;
  if (verdict.is_spam && on_spam == SpamAction::kReject) answer.disposition = Disposition::kReject;
  answer.headers = {{"X-Spam", verdict.is_spam ? "Yes" : "No"}, {"X-Spam-Score", fmt::format("{:.2f}", verdict.score)}};
  if (!verdict.symbols.empty()) answer.headers.emplace_back("X-Spam-Symbols", SymbolsValue(verdict));
  return answer;
}

MilterAnswer AnswerForLarge(size_t size) {
  return {.disposition = Disposition::kDeliver,
          .headers = {{"X-Spam-Skipped", fmt::format("the message is too large ({} bytes)", size)}}};
}

MilterAnswer AnswerForFailure(ErrorAction on_error) {
  if (on_error == ErrorAction::kTempFail) return {.disposition = Disposition::kTempFail};
  return {.disposition = Disposition::kDeliver, .headers = {{"X-Spam-Skipped", "the spam filter was not available"}}};
}

}  // namespace winnow
