/// From texts to tokens, in the one way that training, classification, explanations and the server share: folding of
/// obfuscated text if the model folds it, the tokenizer, and what of a long text is read (classify/long_text.h).
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

/// How a text of two segments or more is read.
enum class SegmentReading {
  kSegments,   ///< as one text, a separator token between two segments: models that were trained with a template
  kPair,       ///< as a pair of texts, all tokens of type 0; the segments behind the first are its second text
  kTypedPair,  ///< as a pair of texts, the second's tokens of type 1
};

struct TextEncoderOptions {
  int max_length = 128;  ///< tokens of a window, those of the post-processor included
  LongText long_text = LongText::kHead;
  bool fold_disguises = false;
  SegmentReading segments = SegmentReading::kSegments;
};

/// Immutable and thread-safe.
class TextEncoder {
 public:
  /// `tokenizer` must outlive the encoder.
  TextEncoder(const Tokenizer& tokenizer, const TextEncoderOptions& options)
      : tokenizer_(&tokenizer), options_(options) {}

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const TextEncoderOptions& options() const { return options_; }

  /// Appends the texts to `out`, each in windows of at most max_length tokens: one, except for long texts with
  /// LongText::kWindows. A pair is one window: if it is too long, its longer text is cut, as Text Embeddings Inference
  /// does. Without folding, allocates nothing once `out` has grown.
  void Encode(std::span<const InputTextView> texts, TokenizedTexts& out) const;

  /// Appends what training reads of one text, at most max_length ids. For LongText::kWindows that is head and tail: as
  /// texts of their own, the harmless windows of a spam text would be learnt as spam. Segments are never read as a
  /// pair.
  void EncodeForTraining(InputTextView text, PackedBatch& out) const;

  /// The full form of one text of one segment: the tokenizer's, of the folded text, with places in the text as it is.
  void EncodeWithSpans(std::string_view text, const Tokenizer::EncodeOptions& options, std::vector<int32_t>& ids,
                       std::vector<TokenSpan>& spans) const;

  /// Whether tokens of the text are left out, as it has more than the model reads at once and LongText::kWindows does
  /// not read the rest. Costs no more than the tokens that the model reads.
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

/// How a manifest says that texts are read.
TextEncoderOptions EncoderOptionsOf(const Manifest& manifest);

}  // namespace winnow
