#include "server/rspamd_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "filter/evidence.h"

namespace winnow {
namespace {

constexpr double kMostHamScore = 5.99;  // is below 6 in clients that round to two decimals, too

double Rounded(double score) {
  const double rounded = std::round(score * 1e4) / 1e4;
  return rounded == 0 ? 0 : rounded;  // not -0
}

Json SymbolJson(const std::string& name, double score, double metric_score, const std::string& description) {
  Json symbol = {{"name", name}, {"score", score}, {"metric_score", metric_score}};
  if (!description.empty()) symbol["description"] = description;
  return symbol;
}

/// Returns the symbols, whose scores add up to `score`.
Json SymbolsOf(const Verdict& verdict, double score) {
  Json symbols = Json::object();
  double rest = score;
  for (const Symbol& symbol : verdict.symbols) {
    const double added = Rounded(symbol.log_odds);
    rest -= added;
    symbols[symbol.name] = SymbolJson(symbol.name, added, Rounded(symbol.score), symbol.description);
  }
  symbols["WINNOW_THRESHOLD"] =
      SymbolJson("WINNOW_THRESHOLD", Rounded(rest), Rounded(rest), "moves the decision threshold to a score of 6");
  return symbols;
}

Json ThresholdsJson(const RspamdOptions& options) {
  Json thresholds = {{options.subject.empty() ? "add header" : "rewrite subject", kRspamdSpamScore}};
  if (options.reject_score) thresholds["reject"] = *options.reject_score;
  return thresholds;
}

Json MilterBlock(const Verdict& verdict) {
  Json add = Json::object(), remove = Json::object();
  for (const auto& [name, value] : SpamHeaders(verdict)) add[name] = {{"value", value}, {"order", 0}};
  for (const char* const name : kSpamHeaders) remove[name] = 0;  // all fields of the name
  return {{"add_headers", std::move(add)}, {"remove_headers", std::move(remove)}};
}

/// Returns the subject of spam, on one line.
std::string MarkedSubject(const std::string& pattern, const std::string& subject) {
  std::string marked = pattern;
  if (const size_t place = marked.find("%s"); place != std::string::npos) marked.replace(place, 2, subject);
  std::ranges::replace_if(
      marked, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return marked;
}

}  // namespace

std::string UnmarkedSubject(const std::string& pattern, std::string_view subject) {
  const size_t place = pattern.find("%s");
  if (place == std::string::npos) return std::string(subject == pattern ? std::string_view() : subject);
  std::string_view before = std::string_view(pattern).substr(0, place);
  std::string_view after = std::string_view(pattern).substr(place + 2);
  // Spaces at the ends of a field are lost on the way.
  before.remove_prefix(std::min(before.find_first_not_of(' '), before.size()));
  while (after.ends_with(' ')) after.remove_suffix(1);
  if (before.empty() && after.empty()) return std::string(subject);
  // A message that passes several times may have several marks. Without a subject, the space before it is lost, too.
  std::string_view alone = before;
  while (after.empty() && alone.ends_with(' ')) alone.remove_suffix(1);
  while (subject.size() >= before.size() + after.size() && subject.starts_with(before) && subject.ends_with(after)) {
    subject.remove_prefix(before.size());
    subject.remove_suffix(after.size());
  }
  return std::string(!alone.empty() && subject == alone ? std::string_view() : subject);
}

double RspamdScore(const Verdict& verdict) {
  const double score = Rounded(kRspamdSpamScore + LogOdds(verdict.score) - LogOdds(verdict.threshold));
  return verdict.is_spam ? std::max(score, kRspamdSpamScore) : std::min(score, kMostHamScore);
}

std::string RspamdAction(const Verdict& verdict, const RspamdOptions& options) {
  if (!verdict.is_spam) return "no action";
  if (options.reject_score && RspamdScore(verdict) >= *options.reject_score) return "reject";
  return options.subject.empty() ? "add header" : "rewrite subject";
}

std::vector<std::pair<std::string, std::string>> SpamHeaders(const Verdict& verdict) {
  const double score = RspamdScore(verdict);
  std::vector<std::pair<std::string, std::string>> headers;
  if (verdict.is_spam) headers.emplace_back("X-Spam-Flag", "YES");
  if (score >= 1) headers.emplace_back("X-Spam-Level", std::string(static_cast<size_t>(std::min(score, 32.0)), '*'));
  headers.emplace_back("X-Spam-Status", fmt::format("{}, score={:.2f} required={:.2f}", verdict.is_spam ? "Yes" : "No",
                                                    score, kRspamdSpamScore));
  return headers;
}

Json RspamdReply(const FilterMessage& message, const std::string& message_id, const Verdict& verdict,
                 const RspamdOptions& options, double seconds) {
  const double score = RspamdScore(verdict);
  const std::string action = RspamdAction(verdict, options);
  Json reply = {{"is_skipped", false},
                {"score", score},
                {"required_score", options.reject_score.value_or(kRspamdSpamScore)},
                {"action", action},
                {"thresholds", ThresholdsJson(options)},
                {"symbols", SymbolsOf(verdict, score)},
                {"messages", Json::object()},
                {"message-id", message_id.empty() ? "undef" : message_id},
                {"time_real", seconds},
                {"scan_time", seconds},
                {"milter", MilterBlock(verdict)},
                {"winnow", VerdictJson(verdict)}};
  if (action == "rewrite subject") reply["subject"] = MarkedSubject(options.subject, message.subject);
  return reply;
}

}  // namespace winnow
