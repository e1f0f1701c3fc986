/// Texts that exceed the maximum length: which tokens the encoder reads, and how the results become one prediction per
/// text.
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
/// There are at most kMaxWindows windows, evenly spaced from the first token to the last. They cover the whole content
/// of texts of up to about 64 windows' length; the content of a longer text has gaps between them, which are not read.
///
/// The prediction for a text of several windows:
///   - with a positive label, the window where that label is most probable decides, with its whole distribution: a text
///     is spam if any part of it is. More windows have more chances, so false positives grow with a text's length.
///   - for a multi-label model, each label has the probability of the window where that label is most probable.
///   - without a positive label, the probabilities of all windows are averaged: the mean is a distribution again and
///     lets no single window rule a label out, as the mean of their logarithms would.
/// Windows are pooled as calibrated probabilities, in their order: a text's answer depends on no other text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "encoder/batch.h"

namespace winnow {

inline constexpr size_t kMaxWindows = 64;

/// Texts as tokens. Text t has the windows begins[t] ... begins[t + 1] - 1, at least one.
struct TokenizedTexts {
  PackedBatch windows;
  std::vector<int32_t> begins = {0};

  size_t texts() const { return begins.size() - 1; }
  /// Returns true if each text is one window.
  bool whole() const { return texts() == windows.texts(); }
  void Clear() {
    windows.Clear();
    begins.assign(1, 0);
  }

  std::vector<int32_t> scratch;  ///< buffer for the content of a long text while it is cut
};

/// The positions at which windows of `size` tokens begin in a text of `tokens` tokens, more than `size`. Windows are
/// evenly spaced: the first begins at 0, the last at tokens - size. Neighbours share at least half of a window, unless
/// that would take more than kMaxWindows windows.
struct Windows {
  Windows(size_t tokens, size_t size);
  size_t Begin(size_t window) const { return window * last / (count - 1); }

  size_t count;  ///< number of windows, at least 2
  size_t last;   ///< begin of the last window
};

struct Pooling {
  bool multi_label = false;
  int32_t positive_label = -1;
};

/// Pools the calibrated probabilities [windows, labels] of one text into its probabilities [labels].
void PoolWindowsOfText(std::span<const float> windows, size_t num_labels, const Pooling& pooling,
                       std::span<float> text);

/// Pools the calibrated probabilities of [windows, labels] into [texts, labels].
void PoolWindows(const TokenizedTexts& tokens, size_t num_labels, const Pooling& pooling,
                 std::span<const float> windows, std::span<float> texts);

}  // namespace winnow
