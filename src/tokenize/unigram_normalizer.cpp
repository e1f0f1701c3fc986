// Follows google/sentencepiece, src/normalizer.cc (Normalizer::Normalize, NormalizePrefix), but for a text as a stream,
// and with an invalid byte treated as the character U+FFFD, which may have a rule.
#include "tokenize/unigram_normalizer.h"

#include "text/utf8.h"

namespace winnow {
namespace {

using Prefix = UnigramNormalization::Prefix;
using Spaces = UnigramNormalization::Spaces;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

Result<UnigramNormalizer> UnigramNormalizer::Make(UnigramNormalization options, std::string_view where) {
  UnigramNormalizer normalizer;
  normalizer.charsmap_ = TRY(Charsmap::Parse(options.charsmap, where));
  if (options.lowercase) normalizer.lowercase_ = TRY(Normalizer::Read({{"type", "Lowercase"}}, std::string(where)));
  normalizer.options_ = std::move(options);
  return normalizer;
}

Charsmap::Rule UnigramNormalizer::Next(std::string_view text, size_t at) const {
  text.remove_prefix(at);
  if (!user_defined_.empty()) {
    if (const size_t length = user_defined_.LongestPrefix(text); length > 0) return {length, text.substr(0, length)};
  }
  if (const Charsmap::Rule rule = charsmap_.Longest(text); rule.length > 0) return rule;
  size_t length = 0;
  if (NextCodePoint(text, length) != 0xFFFD) return {length, text.substr(0, length)};
  const Charsmap::Rule rule = charsmap_.Longest(kReplacement);
  return {length, rule.length == kReplacement.size() ? rule.normal : kReplacement};
}

UnigramNormalizer::Stream::Stream(const UnigramNormalizer& normalizer, std::string_view text, bool with_sources)
    : normalizer_(normalizer), with_sources_(with_sources), text_(text) {
  const UnigramNormalization& options = normalizer.options_;
  if (!normalizer.lowercase_.empty()) {
    lower_ = normalizer.lowercase_.Apply(text);
    text_ = lower_.text;
  }
  while (options.spaces == Spaces::kBetweenWords && at_ < text_.size()) {
    const Charsmap::Rule next = normalizer.Next(text_, at_);
    if (next.normal != " ") break;
    at_ += next.length;
  }
  if (at_ == text_.size()) return;
  if (options.prefix == Prefix::kAlways) Append(" ", at_, at_);
  after_space_ = options.spaces == Spaces::kBetweenWords;
}

bool UnigramNormalizer::Stream::More() {
  if (at_ == text_.size()) return false;
  const Charsmap::Rule next = normalizer_.Next(text_, at_);
  std::string_view normal = next.normal;
  while (after_space_ && normal.starts_with(' ')) normal.remove_prefix(1);
  Append(normal, at_, at_ + next.length);
  if (!normal.empty()) after_space_ = normalizer_.options_.spaces != Spaces::kAll && normal.ends_with(' ');
  at_ += next.length;
  return true;
}

void UnigramNormalizer::Stream::Append(std::string_view normal, size_t begin, size_t end) {
  const size_t before = bytes_.size();
  for (const char c : normal) {
    if (c == ' ') {
      bytes_ += kSpaceSymbol;
    } else {
      bytes_ += c;
    }
  }
  size_t settled = bytes_.size();
  if (normalizer_.options_.spaces == Spaces::kBetweenWords) {
    while (settled >= before + kSpaceSymbol.size() &&
           std::string_view(bytes_).substr(0, settled).ends_with(kSpaceSymbol))
      settled -= kSpaceSymbol.size();
  }
  if (settled > before) settled_ = settled;
  if (!with_sources_) return;
  TokenSpan span = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  if (!lower_.sources.empty()) {
    if (begin == end) {
      span.begin = span.end = lower_.sources[begin].begin;
    } else {
      span = {lower_.sources[begin].begin, lower_.sources[end - 1].end};
    }
  }
  sources_.resize(bytes_.size(), span);
}

void UnigramNormalizer::Stream::Forget(size_t count) {
  bytes_.erase(0, count);
  settled_ -= count;
  if (with_sources_) sources_.erase(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace winnow
