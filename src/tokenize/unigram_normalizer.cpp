// Follows google/sentencepiece, src/normalizer.cc (Normalizer::Normalize, NormalizePrefix), but for a text as a stream,
// and with an invalid byte treated as the character U+FFFD, which may have a rule.
#include "tokenize/unigram_normalizer.h"

#include "text/character_classes.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using Prefix = UnigramNormalization::Prefix;
using Spaces = UnigramNormalization::Spaces;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

size_t WhiteSpaceAtBegin(std::string_view text) {
  size_t end = 0;
  for (size_t i = 0; i < text.size(); end = i) {
    if (ClassOf(NextCodePoint(text, i)) != CharacterClass::kSpace) break;
  }
  return end;
}

size_t WithoutWhiteSpaceAtEnd(std::string_view text) {
  size_t size = text.size();
  while (size > 0) {
    size_t begin = size - 1;
    while (begin > 0 && size - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    size_t i = begin;
    if (ClassOf(NextCodePoint(text, i)) != CharacterClass::kSpace || i != size) break;
    size = begin;
  }
  return size;
}

}  // namespace

Result<UnigramNormalizer> UnigramNormalizer::Make(UnigramNormalization options, std::string_view where) {
  UnigramNormalizer normalizer;
  normalizer.charsmap_ = TRY(Charsmap::Parse(options.charsmap, where));
  normalizer.rewriter_ = Rewriter(options.rewrite);
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
  if (!normalizer.rewriter_.empty()) {
    rewritten_ = normalizer.rewriter_.Apply(text, with_sources ? &rewritten_from_ : nullptr);
    text_ = rewritten_;
  }
  if (options.strip_right) text_ = text_.substr(0, WithoutWhiteSpaceAtEnd(text_));
  if (options.strip_left) at_ = WhiteSpaceAtBegin(text_);
  while (options.spaces == Spaces::kBetweenWords && at_ < text_.size()) {
    const Charsmap::Rule next = normalizer.Next(text_, at_);
    if (next.normal != " ") break;
    at_ += next.length;
  }
  if (at_ == text_.size()) return;
  const std::string_view first = normalizer.Next(text_, at_).normal;
  const bool there = first.starts_with(' ') || first.starts_with(kSpaceSymbol);
  if (options.prefix == Prefix::kAlways || (options.prefix == Prefix::kUnlessThere && !there)) Append(" ", at_, at_);
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
  if (!rewritten_from_.empty()) {
    if (begin == end) {
      span.begin = span.end = rewritten_from_[begin].begin;
    } else {
      span = {rewritten_from_[begin].begin, rewritten_from_[end - 1].end};
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
