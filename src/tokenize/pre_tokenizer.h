/// The pre-tokenizers of a tokenizer.json, which divide a normalized text into the pieces that the model tokenizes one
/// by one, as Hugging Face's tokenizers do it (tokenizers/src/pre_tokenizers).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/pattern.h"
#include "tokenize/mapped_text.h"

namespace winnow {

/// A text and the ranges of it that are its pieces, from left to right, none of them empty.
struct SplitText {
  MappedText mapped;
  std::vector<PatternMatch> pieces;
};

/// One division, or one change of all pieces. Thread-safe when const.
class PreTokenizerStep {
 public:
  virtual ~PreTokenizerStep() = default;
  /// `base` is the place of the text in the whole input.
  virtual void Apply(SplitText& text, size_t base) const = 0;
  /// Returns true if what the step makes of a word does not depend on text beyond the white space around it.
  virtual bool local() const { return true; }
  /// Returns true if the step divides words at spaces.
  virtual bool divides_words() const { return false; }
  /// Returns true if the step depends on where in the original text a piece came from.
  virtual bool needs_sources() const { return false; }
};

/// The steps of a pre-tokenizer, in their order. Thread-safe when const.
class PreTokenizer {
 public:
  PreTokenizer() = default;
  /// Reads "pre_tokenizer", which may be null. Errors: kInvalidModel; kUnsupported, by name, for other types than
  /// Sequence, BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, Metaspace, ByteLevel, Split and
  /// CharDelimiterSplit.
  static Result<PreTokenizer> Read(const Json& json, const std::string& where);

  /// Returns true if the pieces are words, or parts of words, and all steps are local.
  bool reads_words() const;

  /// Returns true if Apply needs the sources of a text (mapped_text.h).
  bool needs_sources() const;

  /// Divides a text. `base` is the place of the text in the whole input. Throws TextLimitExceeded if the text grows or
  /// the division takes time beyond the limits of text_limits.h.
  SplitText Apply(MappedText text, size_t base) const;

 private:
  Result<void> Add(const Json& json, const std::string& where, int depth);

  std::vector<std::unique_ptr<const PreTokenizerStep>> steps_;
};

}  // namespace winnow
