/// Encoding of texts as tokens, shared by training, classification, explanations and the server: folding of obfuscated
/// text if the model folds it, the tokenizer, and the selection of tokens of a long text (classify/long_text.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bundle/manifest.h"
#include "classify/long_text.h"
#include "encoder/batch.h"
#include "text/input_text.h"
#include "tokenize/tokenizer.h"
#include "winnow/classifier.h"

namespace winnow {

/// The way in which a text of two or more segments is read.
enum class SegmentReading {
  /// As one text with a separator token between two segments, for models that were trained with a template.
  kSegments,
  kPair,       ///< as a pair of texts, all tokens of type 0; the segments after the first form the second text
  kTypedPair,  ///< as a pair of texts, the tokens of the second text of type 1
};

struct TextEncoderOptions {
  int max_length = 128;  ///< number of tokens of a window, special tokens included
  LongText long_text = LongText::kHead;
  bool fold_disguises = false;
  SegmentReading segments = SegmentReading::kSegments;
};

/// An encoder of texts. Immutable and thread-safe.
class TextEncoder {
 public:
  /// Creates an encoder; `tokenizer` must outlive it.
  TextEncoder(const Tokenizer& tokenizer, const TextEncoderOptions& options)
      : tokenizer_(&tokenizer), options_(options) {}

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const TextEncoderOptions& options() const { return options_; }

  /// Appends the texts to `out`, each in windows of at most max_length tokens: one, except for long texts with
  /// LongText::kWindows. A pair is one window: if it is too long, its longer text is cut, as Text Embeddings Inference
  /// does. Without folding, allocates nothing once `out` has grown.
  void Encode(std::span<const InputTextView> texts, TokenizedTexts& out) const;

  /// Appends the tokens of one text that training reads, at most max_length ids. For LongText::kWindows these are head
  /// and tail: if windows were examples of their own, the harmless windows of a spam text would be learnt as spam.
  /// Segments are never read as a pair.
  void EncodeForTraining(InputTextView text, PackedBatch& out) const;

  /// Encodes one text of one segment completely. The tokens are those of the text after folding, if the encoder folds;
  /// their spans refer to the original text.
  void EncodeWithSpans(std::string_view text, const Tokenizer::EncodeOptions& options, std::vector<int32_t>& ids,
                       std::vector<TokenSpan>& spans) const;

  /// Returns true if tokens of the text are left out because it exceeds the maximum length and is not read in windows.
  /// Costs no more than the tokens that the model reads.
  bool Cuts(InputTextView text) const;

 private:
  bool ReadsAsPair(InputTextView text) const {
    return options_.segments != SegmentReading::kSegments && text.has_rest();
  }
  void EncodeRead(InputTextView text, TokenizedTexts& out) const;
  void EncodePair(InputTextView text, TokenizedTexts& out) const;
  void EncodeWindows(InputTextView text, TokenizedTexts& out) const;
  void EncodeWhole(InputTextView text, LongText long_text, PackedBatch& out) const;

  const Tokenizer* tokenizer_;
  TextEncoderOptions options_;
};

/// Returns how texts are read according to a manifest.
TextEncoderOptions EncoderOptionsOf(const Manifest& manifest);

}  // namespace winnow
