/// Texts that are longer than the model reads at once: what of them goes through the encoder, and how that becomes one
/// answer a text.
///
/// Cut at its end, a text can hide what it is behind harmless words. In windows the encoder reads all of it:
///
///   content       w w w w w w w w w w w w        without the post-processor's tokens
///   window 0      w w w w w w                    each as a text of its own, [CLS] and [SEP] around it
///   window 1            w w w w w w              half of a window, at least, is the one's before
///   window 2                  w w w w w w        the last one ends where the text does
///
/// A text of segments (a template's "{subject} [SEP] {body}") keeps its lead, all that comes before the last segment,
/// in each window, as question answering does with the question (Devlin et al. 2018, section 4.2 and run_squad.py's
/// doc_stride), where that takes at most half of one: a model that has learnt from subject and body reads both in each.
/// A longer lead is content like the rest, so that nothing hides there either.
///
/// There are at most kMaxWindows, evenly spaced from the first token to the last. Up to 64 windows' length they still
/// leave nothing out; the content of a longer text has gaps between them, which are not read.
///
/// One answer of several windows:
///   - with a positive label, the window where that is most probable decides, with its whole distribution: a text is
///     spam where any part of it is. More windows have more chances, so false positives grow with a text's length.
///   - multi-label: so for each label by itself.
///   - without a positive label, all windows have a say: the mean of their probabilities, which is a distribution again
///     and lets no single window rule a label out, as the mean of their logarithms would.
/// Windows are pooled as calibrated probabilities, in their order: a text's answer depends on no other text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "encoder/batch.h"

namespace winnow {

inline constexpr size_t kMaxWindows = 64;

/// Texts as tokens. Text t is windows begins[t] ... begins[t + 1] - 1, at least one.
struct TokenizedTexts {
  PackedBatch windows;
  std::vector<int32_t> begins = {0};

  size_t texts() const { return begins.size() - 1; }
  /// Each text is one window.
  bool whole() const { return texts() == windows.texts(); }
  void Clear() {
    windows.Clear();
    begins.assign(1, 0);
  }

  std::vector<int32_t> scratch;  ///< a long text's content while it is cut
};

/// Where windows of `size` tokens begin in a text of more, `tokens`: evenly spaced, the first at 0, the last at
/// tokens - size, so many that neighbours share half of a window at least; but not more than kMaxWindows.
struct Windows {
  Windows(size_t tokens, size_t size);
  size_t Begin(size_t window) const { return window * last / (count - 1); }

  size_t count;  ///< at least 2
  size_t last;   ///< the last one's begin
};

struct Pooling {
  bool multi_label = false;
  int32_t positive_label = -1;
};

/// [windows, labels] calibrated probabilities to [texts, labels].
void PoolWindows(const TokenizedTexts& tokens, size_t num_labels, const Pooling& pooling,
                 std::span<const float> windows, std::span<float> texts);

}  // namespace winnow
