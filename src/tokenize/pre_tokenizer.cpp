#include "tokenize/pre_tokenizer.h"

#include <array>
#include <functional>

#include "text/character_classes.h"
#include "text/text_limits.h"
#include "text/utf8.h"
#include "tokenize/byte_letters.h"
#include "tokenize/byte_level_bpe.h"
#include "tokenize/split_behavior.h"
#include "tokenize/tokenizer_json.h"
#include "tokenize/unigram_normalizer.h"

namespace winnow {
namespace {

constexpr size_t kMaxPreTokenizers = 64;
constexpr size_t kLongestSymbol = 16;  // bytes: a character, with marks at most

/// A step that divides each piece at matches.
class Division : public PreTokenizerStep {
 public:
  Division(SplitBehavior behavior, bool invert) : behavior_(behavior), invert_(invert) {}

  void Apply(SplitText& text, size_t) const final {
    std::vector<PatternMatch> pieces, matches;
    MatchTime time(text.mapped.text.size());
    pieces.reserve(text.pieces.size());
    for (const PatternMatch& piece : text.pieces) {
      matches.clear();
      Find(std::string_view(text.mapped.text).substr(piece.begin, piece.end - piece.begin), matches, time);
      for (PatternMatch& match : matches) match = {match.begin + piece.begin, match.end + piece.begin};
      SplitAt(piece, matches, behavior_, invert_, pieces);
    }
    text.pieces = std::move(pieces);
  }

 private:
  virtual void Find(std::string_view piece, std::vector<PatternMatch>& matches, MatchTime& time) const = 0;

  SplitBehavior behavior_;
  bool invert_;
};

/// Divides at each character of a kind.
class DivisionAtCharacters final : public Division {
 public:
  DivisionAtCharacters(bool (*is_match)(char32_t), SplitBehavior behavior)
      : Division(behavior, /*invert=*/false), is_match_(is_match) {}

 private:
  void Find(std::string_view piece, std::vector<PatternMatch>& matches, MatchTime&) const override {
    for (size_t i = 0; i < piece.size();) {
      const size_t begin = i;
      if (is_match_(NextCodePoint(piece, i))) matches.push_back({begin, i});
    }
  }

  bool divides_words() const override { return is_match_(U' '); }

  bool (*is_match_)(char32_t);
};

class DivisionAtPattern final : public Division {
 public:
  DivisionAtPattern(Pattern pattern, SplitBehavior behavior, bool invert)
      : Division(behavior, invert), pattern_(std::move(pattern)) {}

 private:
  void Find(std::string_view piece, std::vector<PatternMatch>& matches, MatchTime& time) const override {
    matches = pattern_.FindAll(piece, time);
  }
  bool local() const override { return pattern_.local(); }

  Pattern pattern_;
};

bool IsSpace(char32_t c) { return ClassOf(c) == CharacterClass::kSpace; }
bool IsNumber(char32_t c) { return ClassOf(c) == CharacterClass::kNumber; }

/// \w+|[^\w\s]+ : runs of characters of words and runs of other characters; white space is removed.
class Whitespace final : public PreTokenizerStep {
 public:
  void Apply(SplitText& text, size_t) const override {
    std::vector<PatternMatch> pieces;
    for (const PatternMatch& piece : text.pieces) {
      int last = 0;
      for (size_t i = piece.begin; i < piece.end;) {
        const size_t begin = i;
        const char32_t c = NextCodePoint(text.mapped.text, i);
        const int kind = IsWordCharacter(c) ? 1 : (IsSpace(c) ? 0 : 2);
        if (kind != 0 && kind == last) {
          pieces.back().end = i;
        } else if (kind != 0) {
          pieces.push_back({begin, i});
        }
        last = kind;
      }
    }
    text.pieces = std::move(pieces);
  }
  bool divides_words() const override { return true; }
};

class Metaspace final : public PreTokenizerStep {
 public:
  enum class Prepend : uint8_t { kAlways, kFirst, kNever };
  Metaspace(std::string symbol, Prepend prepend, bool split)
      : symbol_(std::move(symbol)), prepend_(prepend), split_(split) {}

  void Apply(SplitText& text, size_t base) const override {
    SplitText result{.mapped = text.mapped.Empty(), .pieces = {}};
    result.mapped.Reserve(text.mapped.text.size() + text.mapped.text.size() / 2 + symbol_.size());
    for (const PatternMatch& piece : text.pieces) {
      const std::string_view bytes = std::string_view(text.mapped.text).substr(piece.begin, piece.end - piece.begin);
      const size_t begin = result.mapped.text.size();
      const TokenSpan source = text.mapped.PlaceOf(piece.begin);
      const bool there = bytes.starts_with(' ') || bytes.starts_with(symbol_);
      if (!there && (prepend_ == Prepend::kAlways || (prepend_ == Prepend::kFirst && source.begin + base == 0)))
        result.mapped.Append(symbol_, source);
      for (size_t i = piece.begin; i < piece.end;) {
        const size_t space = bytes.find(' ', i - piece.begin);
        const size_t end = space == std::string_view::npos ? piece.end : piece.begin + space;
        result.mapped.Append(text.mapped, i, end);
        if (end < piece.end) result.mapped.Append(symbol_, text.mapped.SourceOf(end, end + 1));
        i = end + 1;
      }
      Divide({begin, result.mapped.text.size()}, result);
    }
    text = std::move(result);
  }
  bool divides_words() const override { return split_; }
  bool needs_sources() const override { return prepend_ == Prepend::kFirst; }

 private:
  /// A row of symbols belongs to the next word with its last symbol alone.
  void Divide(PatternMatch piece, SplitText& to) const {
    size_t begin = piece.begin;
    for (size_t i = begin; split_ && i < piece.end;) {
      const size_t found = to.mapped.text.find(symbol_, i);
      if (found == std::string::npos) break;
      if (found > begin) to.pieces.push_back({begin, found});
      begin = found;
      i = found + symbol_.size();
    }
    if (begin < piece.end) to.pieces.push_back({begin, piece.end});
  }

  std::string symbol_;
  Prepend prepend_;
  bool split_;
};

class ByteLevel final : public PreTokenizerStep {
 public:
  ByteLevel(bool add_prefix_space, bool use_regex) : add_prefix_space_(add_prefix_space), use_regex_(use_regex) {}

  void Apply(SplitText& text, size_t) const override {
    SplitText result{.mapped = text.mapped.Empty(), .pieces = {}};
    result.mapped.Reserve(text.mapped.text.size() * 3 / 2);
    MappedText prefixed = text.mapped.Empty();
    for (const PatternMatch& piece : text.pieces) {
      if (!add_prefix_space_ || text.mapped.text[piece.begin] == ' ') {
        Divide(text.mapped, piece, result);
        continue;
      }
      prefixed.text.clear();
      prefixed.sources.clear();
      prefixed.Append(" ", text.mapped.PlaceOf(piece.begin));
      prefixed.Append(text.mapped, piece.begin, piece.end);
      Divide(prefixed, {0, prefixed.text.size()}, result);
    }
    text = std::move(result);
  }
  bool divides_words() const override { return use_regex_; }

 private:
  /// Appends the words of a piece, in byte-level letters.
  void Divide(const MappedText& from, PatternMatch piece, SplitText& to) const {
    const std::string_view text = std::string_view(from.text).substr(0, piece.end);
    for (size_t i = piece.begin; i < piece.end;) {
      const size_t end = use_regex_ ? i + ByteLevelWord(text, i) : piece.end;
      const size_t begin = to.mapped.text.size();
      for (; i < end; ++i) {
        to.mapped.Append(ByteLetter(static_cast<unsigned char>(text[i])), from.SourceOf(i, i + 1));
      }
      to.pieces.push_back({begin, to.mapped.text.size()});
    }
  }

  bool add_prefix_space_, use_regex_;
};

Result<SplitBehavior> ReadBehavior(const Json& json, const std::string& where) {
  constexpr std::array kBehaviors = {
      std::pair{"Removed", SplitBehavior::kRemoved},
      std::pair{"Isolated", SplitBehavior::kIsolated},
      std::pair{"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
      std::pair{"MergedWithNext", SplitBehavior::kMergedWithNext},
      std::pair{"Contiguous", SplitBehavior::kContiguous},
  };
  for (const auto& [name, behavior] : kBehaviors) {
    if (json == name) return behavior;
  }
  return BrokenTokenizer(where, "pre_tokenizer.behavior is " + DumpJsonLine(json));
}

Result<std::unique_ptr<const PreTokenizerStep>> ReadMetaspace(const Json& json, const std::string& where) {
  using Prepend = Metaspace::Prepend;
  std::string symbol(kSpaceSymbol);
  if (const Json& given = Member(json, "replacement"); given.is_string()) symbol = given.str();
  if (symbol.empty()) return BrokenTokenizer(where, "pre_tokenizer.replacement is empty");
  if (symbol.size() > kLongestSymbol) return BrokenTokenizer(where, "pre_tokenizer.replacement is not one character");
  Prepend prepend = Prepend::kAlways;
  const Json& scheme = Member(json, "prepend_scheme");
  if (scheme == "first") {
    prepend = Prepend::kFirst;
  } else if (scheme == "never" || !BoolOr(json, "add_prefix_space", true)) {
    prepend = Prepend::kNever;
  } else if (!scheme.is_null() && scheme != "always") {
    return UnsupportedTokenizer(where, "pre-tokenizer", "Metaspace with prepend_scheme " + DumpJsonLine(scheme));
  }
  return std::make_unique<Metaspace>(std::move(symbol), prepend, BoolOr(json, "split", true));
}

}  // namespace

Result<PreTokenizer> PreTokenizer::Read(const Json& json, const std::string& where) {
  PreTokenizer result;
  TRY(result.Add(json, where, 0));
  return result;
}

bool PreTokenizer::reads_words() const {
  bool divides = false;
  for (const auto& step : steps_) {
    if (!step->local()) return false;
    divides = divides || step->divides_words();
  }
  return divides;
}

bool PreTokenizer::needs_sources() const {
  return std::ranges::any_of(steps_, [](const auto& step) { return step->needs_sources(); });
}

SplitText PreTokenizer::Apply(MappedText text, size_t base) const {
  SplitText result;
  if (!text.text.empty()) result.pieces.push_back({0, text.text.size()});
  const size_t bytes = text.text.size();
  result.mapped = std::move(text);
  for (const auto& step : steps_) {
    step->Apply(result, base);
    CheckGrowth(bytes, result.mapped.text.size());
  }
  return result;
}

Result<void> PreTokenizer::Add(const Json& json, const std::string& where, int depth) {
  if (json.is_null()) return {};
  if (steps_.size() > kMaxPreTokenizers)
    return UnsupportedTokenizer(where, "pre-tokenizer", "Sequence of more than 64 steps");
  const auto characters = [&](bool (*is_match)(char32_t), SplitBehavior behavior) {
    steps_.push_back(std::make_unique<DivisionAtCharacters>(is_match, behavior));
  };
  const std::string type = TypeOf(json);
  if (type == "Sequence") {
    const Json& items = Member(json, "pretokenizers");
    if (!items.is_array() || depth > 4) return BrokenTokenizer(where, "pre_tokenizer.pretokenizers is not a list");
    for (const Json& item : items) TRY(Add(item, where, depth + 1));
  } else if (type == "BertPreTokenizer") {
    characters(IsSpace, SplitBehavior::kRemoved);
    characters(IsPunctuation, SplitBehavior::kIsolated);
  } else if (type == "Whitespace") {
    steps_.push_back(std::make_unique<Whitespace>());
  } else if (type == "WhitespaceSplit") {
    characters(IsSpace, SplitBehavior::kRemoved);
  } else if (type == "Punctuation") {
    const Json& behavior = Member(json, "behavior");
    characters(IsPunctuation, behavior.is_null() ? SplitBehavior::kIsolated : TRY(ReadBehavior(behavior, where)));
  } else if (type == "Digits") {
    characters(IsNumber,
               BoolOr(json, "individual_digits", false) ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
  } else if (type == "Metaspace") {
    steps_.push_back(TRY(ReadMetaspace(json, where)));
  } else if (type == "ByteLevel") {
    steps_.push_back(
        std::make_unique<ByteLevel>(BoolOr(json, "add_prefix_space", true), BoolOr(json, "use_regex", true)));
  } else if (type == "Split") {
    Pattern pattern = TRY(ReadPattern(Member(json, "pattern"), where + ": pre_tokenizer"));
    const SplitBehavior behavior = TRY(ReadBehavior(Member(json, "behavior"), where));
    steps_.push_back(std::make_unique<DivisionAtPattern>(std::move(pattern), behavior, BoolOr(json, "invert", false)));
  } else if (type == "CharDelimiterSplit") {
    const Json& delimiter = Member(json, "delimiter");
    if (!delimiter.is_string()) return BrokenTokenizer(where, "pre_tokenizer.delimiter is not a string");
    steps_.push_back(std::make_unique<DivisionAtPattern>(Pattern::OfText(delimiter.str()), SplitBehavior::kRemoved,
                                                         /*invert=*/false));
  } else {
    return UnsupportedTokenizer(where, "pre-tokenizer", type);
  }
  return {};
}

}  // namespace winnow
