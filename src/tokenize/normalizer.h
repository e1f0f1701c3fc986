/// The normalizers of a tokenizer.json, as Hugging Face's tokenizers apply them (tokenizers/src/normalizers).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tokenize/mapped_text.h"

namespace winnow {

/// One change of a whole text. Thread-safe when const.
class NormalizerStep {
 public:
  virtual ~NormalizerStep() = default;
  virtual MappedText Apply(MappedText text) const = 0;
  /// Returns true if a word's normal form does not depend on text beyond the white space around it.
  virtual bool local() const { return true; }
};

/// The steps of a normalizer, in their order. Thread-safe when const.
class Normalizer {
 public:
  Normalizer() = default;
  /// Reads "normalizer", which may be null. Errors: kInvalidModel; kUnsupported, by name, for other types than
  /// Sequence, BertNormalizer, NFC, NFD, NFKC, NFKD, Nmt, Lowercase, StripAccents, Strip, Replace, Prepend, ByteLevel
  /// and Precompiled.
  static Result<Normalizer> Read(const Json& json, const std::string& where);

  bool empty() const { return steps_.empty(); }
  bool lowercase() const { return lowercase_; }
  /// Returns true if all steps are local.
  bool local() const;
  /// Returns the normal form of a text; invalid UTF-8 becomes U+FFFD. It has sources if `tracked` is true.
  /// Throws TextLimitExceeded if the text grows beyond the limits of text_limits.h.
  MappedText Apply(std::string_view text, bool tracked = true) const;

 private:
  Result<void> Add(const Json& json, const std::string& where, int depth);

  std::vector<std::unique_ptr<const NormalizerStep>> steps_;
  bool lowercase_ = false;
};

}  // namespace winnow
