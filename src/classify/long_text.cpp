#include "classify/long_text.h"

#include <algorithm>

namespace winnow {
namespace {

void PoolText(std::span<const float> from, size_t labels, const Pooling& pooling, float* to) {
  const size_t windows = from.size() / labels;
  if (windows == 1) {
    std::copy(from.begin(), from.end(), to);
  } else if (pooling.multi_label) {
    for (size_t l = 0; l < labels; ++l) {
      float most = from[l];
      for (size_t w = 1; w < windows; ++w) most = std::max(most, from[w * labels + l]);
      to[l] = most;
    }
  } else if (pooling.positive_label >= 0) {
    const auto positive = static_cast<size_t>(pooling.positive_label);
    size_t best = 0;
    for (size_t w = 1; w < windows; ++w) {
      if (from[w * labels + positive] > from[best * labels + positive]) best = w;
    }
    const auto row = from.subspan(best * labels, labels);
    std::copy(row.begin(), row.end(), to);
  } else {
    for (size_t l = 0; l < labels; ++l) {
      double sum = 0;
      for (size_t w = 0; w < windows; ++w) sum += static_cast<double>(from[w * labels + l]);
      to[l] = static_cast<float>(sum / static_cast<double>(windows));
    }
  }
}

}  // namespace

Windows::Windows(size_t tokens, size_t size) : count(2), last(tokens - size) {
  const size_t stride = std::max<size_t>(size / 2, 1);
  count = std::min(1 + (last + stride - 1) / stride, kMaxWindows);
}

void PoolWindowsOfText(std::span<const float> windows, size_t num_labels, const Pooling& pooling,
                       std::span<float> text) {
  PoolText(windows, num_labels, pooling, text.data());
}

void PoolWindows(const TokenizedTexts& tokens, size_t num_labels, const Pooling& pooling,
                 std::span<const float> windows, std::span<float> texts) {
  for (size_t t = 0; t < tokens.texts(); ++t) {
    const size_t begin = static_cast<size_t>(tokens.begins[t]) * num_labels;
    const size_t end = static_cast<size_t>(tokens.begins[t + 1]) * num_labels;
    PoolText(windows.subspan(begin, end - begin), num_labels, pooling, texts.data() + t * num_labels);
  }
}

}  // namespace winnow
