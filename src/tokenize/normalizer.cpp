// Each step makes a new text of the one before. What a step changes character by character goes through ByCharacter;
// the others say so.
#include "tokenize/normalizer.h"

#include <algorithm>
#include <array>

#include "text/bert_characters.h"
#include "text/character_classes.h"
#include "text/graphemes.h"
#include "text/normal_form.h"
#include "text/pattern.h"
#include "text/text_limits.h"
#include "text/utf8.h"
#include "tokenize/byte_letters.h"
#include "tokenize/charsmap.h"
#include "tokenize/tokenizer_json.h"

namespace winnow {
namespace {

constexpr size_t kMaxNormalizers = 64;

/// Calls change(character, its bytes, appended to) for each character. `change` appends what replaces the bytes.
template <class Change>
MappedText ByCharacter(MappedText text, const Change& change) {
  MappedText result = text.Empty();
  size_t done = 0;  // bytes whose normal form is in `result`
  std::string replaced;
  for (size_t i = 0; i < text.text.size();) {
    const size_t begin = i;
    const char32_t c = NextCodePoint(text.text, i);
    const std::string_view bytes = std::string_view(text.text).substr(begin, i - begin);
    replaced.clear();
    change(c, bytes, replaced);
    if (replaced == bytes) continue;
    if (done == 0) result.Reserve(text.text.size());
    result.Append(text, done, begin);
    result.Append(replaced, text.SourceOf(begin, i));
    done = i;
  }
  if (done == 0) return text;
  result.Append(text, done, text.text.size());
  return result;
}

/// Invalid UTF-8, which no step has to expect thereafter.
MappedText ValidUtf8(std::string_view original, bool tracked) {
  bool valid = true;
  for (size_t i = 0; i < original.size() && valid;) {
    const size_t begin = i;
    valid = static_cast<unsigned char>(original[i]) < 0x80
                ? (++i, true)
                : NextCodePoint(original, i) != 0xFFFD || original.substr(begin, 3) == "\xEF\xBF\xBD";
  }
  MappedText text = MappedText::Of(original, tracked);
  if (valid) return text;
  return ByCharacter(std::move(text), [](char32_t c, std::string_view, std::string& out) { AppendUtf8(c, out); });
}

class Form final : public NormalizerStep {
 public:
  explicit Form(NormalForm form) : form_(form) {}
  MappedText Apply(MappedText text) const override {
    if (IsNormal(text.text, form_)) return text;
    std::vector<uint32_t> ends;
    MappedText result = text.Empty();
    result.text = Normalize(text.text, form_, text.tracked ? &ends : nullptr);
    result.sources.reserve(ends.size());
    uint32_t begin = 0;
    for (size_t i = 0; i < ends.size();) {
      const uint32_t end = ends[i];
      size_t next = i;
      while (next < ends.size() && ends[next] == end) ++next;
      AppendSources(text, begin, end, std::string_view(result.text).substr(i, next - i), result.sources);
      begin = end;
      i = next;
    }
    return result;
  }

 private:
  /// Appends the sources of the characters of `part`, which came from the bytes [begin, end) of `text`. As in
  /// tokenizers, characters that change places and stay as many have the sources of the characters in whose places they
  /// are.
  static void AppendSources(const MappedText& text, size_t begin, size_t end, std::string_view part,
                            std::vector<TokenSpan>& sources) {
    const std::string_view whole = std::string_view(text.text).substr(0, end);
    if (CountCharacters(part) != CountCharacters(whole.substr(begin))) {
      sources.resize(sources.size() + part.size(), text.SourceOf(begin, end));
      return;
    }
    for (size_t i = 0; i < part.size();) {
      const size_t at = i, from = begin;
      NextCodePoint(part, i);
      NextCodePoint(whole, begin);
      sources.resize(sources.size() + (i - at), text.SourceOf(from, begin));
    }
  }

  static size_t CountCharacters(std::string_view text) {
    size_t count = 0;
    for (size_t i = 0; i < text.size(); ++count) NextCodePoint(text, i);
    return count;
  }

  NormalForm form_;
};

/// A step that replaces each character by itself, whatever stands beside it.
template <class Change>
class EachCharacter final : public NormalizerStep {
 public:
  explicit EachCharacter(Change change) : change_(std::move(change)) {}
  MappedText Apply(MappedText text) const override { return ByCharacter(std::move(text), change_); }

 private:
  Change change_;
};
template <class Change>
std::unique_ptr<const NormalizerStep> Each(Change change) {
  return std::make_unique<EachCharacter<Change>>(std::move(change));
}

/// What SentencePiece's nmt rules drop and take for a space.
void Nmt(char32_t c, std::string_view bytes, std::string& out) {
  const bool drops =
      (c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
  const bool space = c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
                     c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  if (!drops) out += space ? " " : bytes;
}

/// Character by character: no final sigma.
struct Lower {
  std::shared_ptr<const BertCharacters> characters = std::make_shared<const BertCharacters>(
      BertNormalization{.clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = true});

  void operator()(char32_t c, std::string_view bytes, std::string& out) const {
    const BertCharacter& lower = characters->At(c);
    if (lower.length > 0) {
      out.append(lower.bytes.data(), lower.length);
    } else {
      out += bytes;
    }
  }
};

void DropMarks(char32_t c, std::string_view bytes, std::string& out) {
  if (!IsCombiningMark(c)) out += bytes;
}
void DropNonSpacingMarks(char32_t c, std::string_view bytes, std::string& out) {
  if (!IsNonSpacingMark(c)) out += bytes;
}
void CleanText(char32_t c, std::string_view bytes, std::string& out) {
  if (c == 0 || c == 0xFFFD || IsBertControl(c)) return;
  out += IsBertSpace(c) ? " " : bytes;
}
void SetIdeographsApart(char32_t c, std::string_view bytes, std::string& out) {
  const bool apart = IsBertIdeograph(c);
  if (apart) out += ' ';
  out += bytes;
  if (apart) out += ' ';
}
void WriteByteLetters(char32_t, std::string_view bytes, std::string& out) {
  for (const char c : bytes) out += ByteLetter(static_cast<unsigned char>(c));
}

class Strip final : public NormalizerStep {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  MappedText Apply(MappedText text) const override {
    size_t begin = text.text.size(), end = 0;  // of what is not white space
    for (size_t i = 0; i < text.text.size();) {
      const size_t at = i;
      if (ClassOf(NextCodePoint(text.text, i)) == CharacterClass::kSpace) continue;
      begin = std::min(begin, at);
      end = i;
    }
    if (!left_) begin = 0;
    if (!right_) end = text.text.size();
    MappedText result = text.Empty();
    if (begin < end) result.Append(text, begin, end);
    return result;
  }

 private:
  bool left_, right_;
};

class Replace final : public NormalizerStep {
 public:
  Replace(Pattern pattern, std::string content) : pattern_(std::move(pattern)), content_(std::move(content)) {}
  MappedText Apply(MappedText text) const override {
    const std::vector<PatternMatch> matches = pattern_.FindAll(text.text);
    if (matches.empty()) return text;
    CheckGrowth(text.text.size(), matches.size() * content_.size());
    MappedText result = text.Empty();
    size_t done = 0;
    for (const PatternMatch& match : matches) {
      result.Append(text, done, match.begin);
      result.Append(content_,
                    match.begin < match.end ? text.SourceOf(match.begin, match.end) : text.PlaceOf(match.begin));
      done = match.end;
    }
    result.Append(text, done, text.text.size());
    return result;
  }
  bool local() const override { return pattern_.local(); }

 private:
  Pattern pattern_;
  std::string content_;
};

class Prepend final : public NormalizerStep {
 public:
  explicit Prepend(std::string content) : content_(std::move(content)) {}
  MappedText Apply(MappedText text) const override {
    if (text.text.empty()) return text;
    MappedText result = text.Empty();
    result.Append(content_, text.PlaceOf(0));
    result.Append(text, 0, text.text.size());
    return result;
  }

 private:
  std::string content_;
};

/// SentencePiece's rules as Hugging Face's normalizer applies them, which is not as SentencePiece does: a grapheme
/// cluster of fewer than six bytes is replaced by the rule for the shortest of its beginnings that has one, whatever
/// comes after that beginning; longer clusters are replaced character by character.
class Precompiled final : public NormalizerStep {
 public:
  explicit Precompiled(Charsmap map) : map_(std::move(map)) {}
  MappedText Apply(MappedText text) const override {
    if (map_.empty()) return text;
    const std::string_view all = text.text;
    MappedText result = text.Empty();
    size_t done = 0;  // bytes whose normal form is in `result`
    const auto replace = [&](size_t begin, size_t end) {
      const Charsmap::Rule rule = map_.Shortest(all.substr(begin, end - begin));
      if (rule.length == 0) return false;
      if (done == 0) result.Reserve(all.size());
      result.Append(text, done, begin);
      result.Append(rule.normal, text.SourceOf(begin, end));
      CheckGrowth(all.size(), result.text.size());
      done = end;
      return true;
    };
    size_t begin = 0;
    for (const uint32_t end : GraphemeEnds(all)) {
      if (end - begin >= 6 || !replace(begin, end)) {
        for (size_t i = begin; i < end;) {
          const size_t at = i;
          NextCodePoint(all, i);
          replace(at, i);
        }
      }
      begin = end;
    }
    if (done == 0) return text;
    result.Append(text, done, all.size());
    return result;
  }

 private:
  Charsmap map_;
};

}  // namespace

bool Normalizer::local() const {
  return std::ranges::all_of(steps_, [](const auto& step) { return step->local(); });
}

MappedText Normalizer::Apply(std::string_view text, bool tracked) const {
  MappedText result = ValidUtf8(text, tracked);
  for (const auto& step : steps_) {
    result = step->Apply(std::move(result));
    CheckGrowth(text.size(), result.text.size());
  }
  return result;
}

Result<Normalizer> Normalizer::Read(const Json& json, const std::string& where) {
  Normalizer normalizer;
  TRY(normalizer.Add(json, where, 0));
  return normalizer;
}

Result<void> Normalizer::Add(const Json& json, const std::string& where, int depth) {
  if (json.is_null()) return {};
  if (steps_.size() > kMaxNormalizers)
    return UnsupportedTokenizer(where, "normalizer", "Sequence of more than 64 steps");
  const std::string type = TypeOf(json);
  if (type == "Sequence") {
    const Json& items = Member(json, "normalizers");
    if (!items.is_array() || depth > 4) return BrokenTokenizer(where, "normalizer.normalizers is not a list");
    for (const Json& item : items) TRY(Add(item, where, depth + 1));
    return {};
  }
  constexpr std::array kForms = {std::pair{"NFC", NormalForm::kNfc}, std::pair{"NFD", NormalForm::kNfd},
                                 std::pair{"NFKC", NormalForm::kNfkc}, std::pair{"NFKD", NormalForm::kNfkd}};
  for (const auto& [name, form] : kForms) {
    if (type != name) continue;
    steps_.push_back(std::make_unique<Form>(form));
    return {};
  }
  if (type == "BertNormalizer") {
    const bool lowercase = BoolOr(json, "lowercase", true);
    if (BoolOr(json, "clean_text", true)) steps_.push_back(Each(CleanText));
    if (BoolOr(json, "handle_chinese_chars", true)) steps_.push_back(Each(SetIdeographsApart));
    if (BoolOr(json, "strip_accents", lowercase)) {
      steps_.push_back(std::make_unique<Form>(NormalForm::kNfd));
      steps_.push_back(Each(DropNonSpacingMarks));
    }
    if (lowercase) steps_.push_back(Each(Lower()));
    lowercase_ = lowercase_ || lowercase;
    return {};
  }
  if (type == "Lowercase") {
    steps_.push_back(Each(Lower()));
    lowercase_ = true;
  } else if (type == "Nmt") {
    steps_.push_back(Each(Nmt));
  } else if (type == "StripAccents") {
    steps_.push_back(Each(DropMarks));
  } else if (type == "ByteLevel") {
    steps_.push_back(Each(WriteByteLetters));
  } else if (type == "Strip") {
    steps_.push_back(std::make_unique<Strip>(BoolOr(json, "strip_left", true), BoolOr(json, "strip_right", true)));
  } else if (type == "Prepend") {
    const Json& content = Member(json, "prepend");
    if (!content.is_string()) return BrokenTokenizer(where, "normalizer.prepend is not a string");
    steps_.push_back(std::make_unique<Prepend>(content.str()));
  } else if (type == "Replace") {
    const Json& content = Member(json, "content");
    if (!content.is_string()) return BrokenTokenizer(where, "normalizer.content is not a string");
    Pattern pattern = TRY(ReadPattern(Member(json, "pattern"), where + ": normalizer"));
    steps_.push_back(std::make_unique<Replace>(std::move(pattern), content.str()));
  } else if (type == "Precompiled") {
    const Json& map = Member(json, "precompiled_charsmap");
    if (!map.is_string()) return BrokenTokenizer(where, "normalizer.precompiled_charsmap is not a string");
    Charsmap charsmap = TRY(Charsmap::Parse(TRY(DecodeBase64(map.str(), where)), where));
    steps_.push_back(std::make_unique<Precompiled>(std::move(charsmap)));
  } else {
    return UnsupportedTokenizer(where, "normalizer", type);
  }
  return {};
}

}  // namespace winnow
