#include "filter/suggest_rule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "base/ascii.h"
#include "filter/message_fields.h"
#include "filter/rule_expression.h"
#include "text/character_classes.h"
#include "text/simple_fold.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMostPhraseWords = 4;
constexpr size_t kMostWords = 2000;     // of a text
constexpr size_t kLongestWord = 64;     // bytes
constexpr size_t kLongestLiteral = 40;  // code points of a text without words
constexpr size_t kLongestNameBytes = 40;
constexpr std::string_view kRedactedHost = "redacted.invalid";

/// How many of the messages of the other kind that were not counted have a phrase of that many words, in the unit of
/// one counted message. Chosen by hand: a single word is often in messages that come later.
constexpr double kUnseen[kMostPhraseWords + 1] = {0.1, 2, 0.5, 0.2, 0.1};

struct Word {
  std::string folded;
  bool number = false;  // digits alone, which change from message to message
};

/// Returns the words of a text in parts that no phrase crosses: links are left out, and divide it.
std::vector<std::vector<Word>> PartsOf(std::string_view text, const std::vector<std::string>& links) {
  std::string rest(text);
  size_t from = 0;
  for (const std::string& link : links) {
    const size_t at = rest.find(link, from);
    if (at == std::string::npos) continue;
    rest.replace(at, link.size(), "\n");
    from = at + 1;
  }
  std::vector<std::vector<Word>> parts(1);
  std::string word;
  bool number = true;
  size_t count = 0;
  const auto end_word = [&] {
    if (!word.empty() && word.size() <= kLongestWord && count++ < kMostWords)
      parts.back().push_back({SimpleFold(word), number});
    if (word.size() > kLongestWord) parts.emplace_back();
    word.clear();
    number = true;
  };
  for (size_t i = 0; i < rest.size();) {
    const char32_t c = NextCodePoint(rest, i);
    if (IsWordCharacter(c)) {
      AppendUtf8(c, word);
      number = number && ClassOf(c) == CharacterClass::kNumber;
      continue;
    }
    end_word();
    if (c == U'\n') parts.emplace_back();
  }
  end_word();
  return parts;
}

/// Calls `take` with the key, the text and the number of words of each phrase, and of each host, for which the number
/// is 0.
void ForCandidates(std::string_view text,
                   const std::function<void(const std::string& key, const std::string& shown, size_t words)>& take) {
  const std::vector<std::string> links = FindLinks(text);
  for (const std::string& link : links) {
    const std::string host = HostOfLink(link);
    if (host.find('.') != std::string::npos && host != kRedactedHost) take("//" + host, host, 0);
  }
  for (const std::vector<Word>& part : PartsOf(text, links)) {
    for (size_t begin = 0; begin < part.size(); ++begin) {
      std::string phrase;
      for (size_t i = begin; i < part.size() && i < begin + kMostPhraseWords && !part[i].number; ++i) {
        phrase += (i == begin ? "" : " ") + part[i].folded;
        take(phrase, phrase, i - begin + 1);
      }
    }
  }
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// What may stand between words with letters beyond ASCII, for which RE2 has neither \b nor \W: white space and most
/// punctuation and symbols. The complement of all letters would exceed the limit of the size of a pattern.
constexpr std::string_view kBetween =
    R"([\s[:punct:]\x{00a0}-\x{00bf}\x{2000}-\x{2bff}\x{3000}-\x{303f}\x{ff01}-\x{ff0f}\x{ff1a}-\x{ff20}\x{1f000}-\x{1faff}])";

/// Returns a pattern for the words in this order, whatever stands between them.
std::string PatternOf(const std::string& phrase) {
  const bool ascii = IsAscii(phrase);
  std::string pattern = ascii ? R"((?i)\b)" : fmt::format("(?i)(?:^|{})", kBetween);
  for (const char c : phrase) {
    if (c == ' ') {
      pattern += ascii ? R"(\W+)" : fmt::format("{}+", kBetween);
    } else {
      pattern += c;
    }
  }
  return pattern + (ascii ? R"(\b)" : fmt::format("(?:$|{})", kBetween));
}

std::string TomlString(std::string_view text) {
  const bool plain =
      std::ranges::all_of(text, [](char c) { return c != '\'' && static_cast<unsigned char>(c) >= 0x20; });
  if (plain && text.find('\x7f') == std::string_view::npos) return fmt::format("'{}'", text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
      quoted += fmt::format("\\u{:04X}", static_cast<int>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string UnusedName(std::string_view prefix, std::string_view shown,
                       const std::set<std::string, std::less<>>& taken) {
  std::string name(prefix);
  for (const char c : shown) {
    const bool kept = IsAsciiLower(c) || IsAsciiDigit(c);
    if (kept) name += UpperAscii(c);
    if (!kept && !name.empty() && !name.ends_with('_')) name += '_';
  }
  name = name.substr(0, kLongestNameBytes);
  while (name.ends_with('_')) name.pop_back();
  if (!IsRuleName(name) || name == prefix) name = "PHRASE" + (name.empty() ? "" : "_" + name);
  std::string unique = name;
  for (size_t i = 2; taken.contains(unique); ++i) unique = fmt::format("{}_{}", name, i);
  return unique;
}

std::string RuleTomlOf(const std::string& name, const std::string& description, const std::string& condition,
                       bool is_spam) {
  return fmt::format("[[rule]]\nname = \"{}\"\ndescription = {}\nscore = {}\n{}\n", name, TomlString(description),
                     is_spam ? 3 : -3, condition);
}

}  // namespace

RuleSuggester::RuleSuggester(std::string_view text, bool is_spam) : text_(text), is_spam_(is_spam) {
  ForCandidates(text_, [this](const std::string& key, const std::string& shown, size_t words) {
    if (index_.emplace(key, candidates_.size()).second) candidates_.push_back({.text = shown, .words = words});
  });
}

void RuleSuggester::Count(std::string_view text, bool is_spam) {
  ++messages_;
  if (text == text_) return;  // the message itself
  ForCandidates(text, [this, is_spam](const std::string& key, const std::string&, size_t) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    Candidate& candidate = candidates_[found->second];
    if (candidate.seen_in == messages_) return;
    candidate.seen_in = messages_;
    ++(is_spam == is_spam_ ? candidate.same : candidate.other);
  });
}

double RuleSuggester::Candidate::Value() const {
  const double hits = static_cast<double>(same) + 1;  // with the message itself
  const double precision = hits / (hits + static_cast<double>(other) + kUnseen[words]);
  return std::pow(precision, 4) * std::log2(1 + hits);
}

SuggestedRule RuleSuggester::Suggest(const std::set<std::string, std::less<>>& taken) const {
  SuggestedRule suggested;
  // Of equal ones, the longer phrase: it is the more specific one.
  const auto best = std::ranges::max_element(candidates_, [](const Candidate& a, const Candidate& b) {
    return std::pair(a.Value(), a.text.size()) < std::pair(b.Value(), b.text.size());
  });
  if (best == candidates_.end()) {
    std::string valid = SimpleFold(text_);  // and so valid UTF-8
    suggested.shown = FirstCodePoints(TrimAscii(valid), kLongestLiteral);
    suggested.rule.name = UnusedName("", "", taken);
    const std::string pattern = "pattern = " + TomlString("(?i)" + RE2::QuoteMeta(suggested.shown));
    suggested.rule.text = RuleTomlOf(suggested.rule.name, "contains: " + suggested.shown, pattern, is_spam_);
    return suggested;
  }
  suggested.shown = best->text;
  suggested.same = best->same;
  suggested.other = best->other;
  if (best->words == 0) {
    suggested.rule.name = UnusedName("LINK_", best->text, taken);
    suggested.rule.text =
        RuleTomlOf(suggested.rule.name, "a link to " + best->text,
                   fmt::format("field = \"link_hosts\"\ndomains = [{}]", TomlString(best->text)), is_spam_);
  } else {
    suggested.rule.name = UnusedName("", best->text, taken);
    suggested.rule.text = RuleTomlOf(suggested.rule.name, "contains: " + best->text,
                                     "pattern = " + TomlString(PatternOf(best->text)), is_spam_);
  }
  return suggested;
}

}  // namespace winnow
