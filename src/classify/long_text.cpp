#include "classify/long_text.h"

#include <algorithm>

namespace winnow {
namespace {

/// The memory that a larger text took, in bytes, is given back at once: a server meets one a year.
constexpr size_t kLargeText = size_t{1} << 22;

void Append(std::span<const int32_t> tokens, std::vector<int32_t>& ids) {
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

/// The windows of one text; one where they would have no room beside the special tokens.
void AddWindows(const Tokenizer& tokenizer, std::string_view text, bool segmented, int max_length,
                TokenizedTexts& out) {
  const size_t special = tokenizer.before().size() + tokenizer.after().size();
  if (static_cast<size_t>(std::max(max_length, 0)) <= special) {
    tokenizer.EncodeHeadTail(text, segmented, max_length, out.windows.ids);
    return out.windows.EndText();
  }
  const size_t room = static_cast<size_t>(max_length) - special;
  // As a whole text into its place, where nearly all of them stay.
  std::vector<int32_t>& ids = out.windows.ids;
  Append(tokenizer.before(), ids);
  const size_t begin = ids.size();
  size_t lead = tokenizer.EncodeContent(text, segmented, Tokenizer::kMostTokens, ids);
  if (ids.size() - begin <= room) {
    Append(tokenizer.after(), ids);
    return out.windows.EndText();
  }
  out.scratch.assign(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end());
  ids.resize(begin - tokenizer.before().size());
  if (2 * lead > room) lead = 0;
  const std::span<const int32_t> content = out.scratch;
  const size_t size = room - lead;
  const Windows windows(content.size() - lead, size);
  for (size_t w = 0; w < windows.count; ++w) {
    Append(tokenizer.before(), ids);
    Append(content.first(lead), ids);
    Append(content.subspan(lead + windows.Begin(w), size), ids);
    Append(tokenizer.after(), ids);
    out.windows.EndText();
  }
}

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

void TokenizeTexts(const Tokenizer& tokenizer, std::span<const std::string_view> texts, bool segmented, int max_length,
                   LongText long_text, TokenizedTexts& out) {
  for (const std::string_view text : texts) {
    if (long_text == LongText::kWindows) {
      AddWindows(tokenizer, text, segmented, max_length, out);
    } else {
      if (long_text == LongText::kHeadTail) {
        tokenizer.EncodeHeadTail(text, segmented, max_length, out.windows.ids);
      } else if (segmented) {
        tokenizer.EncodeSegments(text, max_length, out.windows.ids);
      } else {
        tokenizer.Encode(text, max_length, out.windows.ids);
      }
      out.windows.EndText();
    }
    out.begins.push_back(static_cast<int32_t>(out.windows.texts()));
    if (long_text == LongText::kHead || text.size() <= kLargeText) continue;
    out.windows.ids.shrink_to_fit();
    std::vector<int32_t>().swap(out.scratch);  // = {} would keep its capacity
  }
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
