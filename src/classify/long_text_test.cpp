#include "classify/long_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "classify/text_encoder.h"

namespace winnow {
namespace {

constexpr int32_t kWords = 4000;

/// [UNK], [CLS], [SEP], and the word "wN" with the id 3 + N.
Tokenizer WordTokenizer() {
  TokenizerParts parts;
  parts.pieces = {"[UNK]", "[CLS]", "[SEP]"};
  for (int32_t w = 0; w < kWords; ++w) parts.pieces.push_back("w" + std::to_string(w));
  parts.before = {1};
  parts.after = {2};
  return Tokenizer::Make(std::move(parts), "test").value();
}

std::string Words(int begin, int end) {
  std::string text;
  for (int w = begin; w < end; ++w) text += "w" + std::to_string(w % kWords) + " ";
  return text;
}

std::vector<std::vector<int32_t>> WindowsOf(const Tokenizer& tokenizer, InputTextView text, int max_length) {
  TokenizedTexts out;
  TextEncoder(tokenizer, {.max_length = max_length, .long_text = LongText::kWindows}).Encode({&text, 1}, out);
  EXPECT_EQ(out.begins, (std::vector<int32_t>{0, static_cast<int32_t>(out.windows.texts())}));
  std::vector<std::vector<int32_t>> windows;
  const PackedTexts view = out.windows.view();
  for (size_t t = 0; t < view.texts(); ++t) {
    const auto ids = view.ids.subspan(view.begin(t), view.length(t));
    windows.emplace_back(ids.begin(), ids.end());
  }
  return windows;
}

TEST(LongText, WindowsCoverEveryTokenAndShareHalfWithTheNext) {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t tokens = size + 1; tokens <= 70 * size; tokens += 1 + tokens / 50) {
      const Windows windows(tokens, size);
      ASSERT_GE(windows.count, 2u);
      ASSERT_LE(windows.count, kMaxWindows);
      EXPECT_EQ(windows.Begin(0), 0u);
      EXPECT_EQ(windows.Begin(windows.count - 1) + size, tokens);
      for (size_t w = 1; w < windows.count; ++w) {
        const size_t step = windows.Begin(w) - windows.Begin(w - 1);
        ASSERT_GT(step, 0u);
        if (tokens <= kMaxWindows * size) {
          ASSERT_LE(step, size) << tokens << " tokens, " << size << " a window: some are in none";
        }
        if (windows.count < kMaxWindows) {
          ASSERT_LE(step, std::max<size_t>(size / 2, 1)) << tokens << " tokens, " << size << " a window";
        }
      }
    }
  }
}

TEST(LongText, WindowsAreFewHoweverLongTheText) {
  const Windows windows(1'000'000, 126);
  EXPECT_EQ(windows.count, kMaxWindows);
  EXPECT_EQ(windows.Begin(63), 1'000'000u - 126);
  const size_t even = (1'000'000 - 126) / 63;
  for (size_t w = 1; w < 64; ++w) EXPECT_LE(windows.Begin(w) - windows.Begin(w - 1) - even, 1u);
}

TEST(LongText, EachWindowIsATextOfItsOwn) {
  const Tokenizer tokenizer = WordTokenizer();
  const auto windows = WindowsOf(tokenizer, Words(0, 12), 8);  // room for 6, a step of 3
  EXPECT_EQ(windows, (std::vector<std::vector<int32_t>>{
                         {1, 3, 4, 5, 6, 7, 8, 2}, {1, 6, 7, 8, 9, 10, 11, 2}, {1, 9, 10, 11, 12, 13, 14, 2}}));
}

TEST(LongText, ShortTextsAreTheSameInEveryMode) {
  const Tokenizer tokenizer = WordTokenizer();
  const std::string mail = "w1 w2" + std::string(1, kSegmentSeparator) + "w3 w4 w5";
  const std::string full = Words(0, 6);
  for (const std::string_view joined : {std::string_view(), std::string_view(mail), std::string_view(full)}) {
    for (const InputTextView text : {InputTextView(joined), InputTextView::OfJoined(joined)}) {
      for (const LongText long_text : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
        TokenizedTexts out;
        TextEncoder(tokenizer, {.max_length = 8, .long_text = long_text}).Encode({&text, 1}, out);
        std::vector<int32_t> expected;
        tokenizer.Encode(text, 8, expected);
        EXPECT_EQ(out.windows.ids, expected);
        EXPECT_TRUE(out.whole());
        EXPECT_EQ(out.texts(), 1u);
      }
    }
  }
}

TEST(LongText, ASubjectIsInEachWindow) {
  const Tokenizer tokenizer = WordTokenizer();
  const std::string separator(1, kSegmentSeparator);
  // Lead of three in a room of six: three of the body, a step of one.
  const std::string two = "w0 w1" + separator + "w2 w3 w4 w5", three = "w0 w1 w2" + separator + "w3 w4 w5";
  EXPECT_EQ(WindowsOf(tokenizer, InputTextView::OfJoined(two), 8),
            (std::vector<std::vector<int32_t>>{{1, 3, 4, 2, 5, 6, 7, 2}, {1, 3, 4, 2, 6, 7, 8, 2}}));
  // Of four it is content like the rest.
  EXPECT_EQ(WindowsOf(tokenizer, InputTextView::OfJoined(three), 8),
            (std::vector<std::vector<int32_t>>{{1, 3, 4, 5, 2, 6, 7, 2}, {1, 4, 5, 2, 6, 7, 8, 2}}));
}

TEST(LongText, OddLengthsAreTokenizedAllTheSame) {
  const Tokenizer tokenizer = WordTokenizer();
  EXPECT_EQ(WindowsOf(tokenizer, Words(0, 3), 3), (std::vector<std::vector<int32_t>>{{1, 3, 2}, {1, 4, 2}, {1, 5, 2}}));
  EXPECT_EQ(WindowsOf(tokenizer, Words(0, 3), 2), (std::vector<std::vector<int32_t>>{{1, 2}}));
  EXPECT_EQ(WindowsOf(tokenizer, Words(0, 3), 1), (std::vector<std::vector<int32_t>>{{1}}));
  const auto many = WindowsOf(tokenizer, Words(0, 3 * kWords), 128);
  ASSERT_EQ(many.size(), kMaxWindows);
  EXPECT_EQ(many.front()[1], 3);
  EXPECT_EQ(many.back()[126], 3 + kWords - 1) << "the text's last word";
  for (const auto& window : many) EXPECT_EQ(window.size(), 128u);
}

TEST(LongText, MemoryOfAHugeTextIsGivenBack) {
  const Tokenizer tokenizer = WordTokenizer();
  const std::string huge = Words(0, 1'000'000);
  const InputTextView views[] = {huge, "w1"};
  for (const LongText long_text : {LongText::kHeadTail, LongText::kWindows}) {
    TokenizedTexts out;
    TextEncoder(tokenizer, {.max_length = 128, .long_text = long_text}).Encode(views, out);
    EXPECT_LT(out.windows.ids.capacity() + out.scratch.capacity(), 100'000u);
    EXPECT_EQ(out.windows.ids.size(), (long_text == LongText::kWindows ? 64u * 128 : 128u) + 3);
  }
}

/// Probabilities of windows; texts have one, three and two of them.
struct Pooled {
  TokenizedTexts tokens;
  std::vector<float> windows;
  std::vector<float> texts = std::vector<float>(9);

  Pooled(Pooling pooling, std::vector<float> w) : windows(std::move(w)) {
    tokens.begins = {0, 1, 4, 6};
    PoolWindows(tokens, 3, pooling, windows, texts);
  }
};

const std::vector<float> kProbabilities = {.5f, .25f, .25f, .1f, .2f, .7f, .3f, .4f, .3f,
                                           .2f, .4f,  .4f,  1,   0,   0,   0,   .5f, .5f};

TEST(LongText, TheMostPositiveWindowDecides) {
  const Pooled pooled({.positive_label = 1}, kProbabilities);
  // Of two as positive ones the first.
  EXPECT_EQ(pooled.texts, (std::vector<float>{.5f, .25f, .25f, .3f, .4f, .3f, 0, .5f, .5f}));
}

TEST(LongText, WithoutAPositiveLabelAllWindowsHaveASay) {
  const Pooled pooled({}, kProbabilities);
  const double expected[] = {.5, .25, .25, .6 / 3, 1. / 3, 1.4 / 3, .5, .25, .25};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(pooled.texts[i], expected[i], 1e-7) << i;
}

TEST(LongText, EachOfSeveralLabelsHasItsOwnBestWindow) {
  const Pooled pooled({.multi_label = true, .positive_label = 1}, kProbabilities);
  EXPECT_EQ(pooled.texts, (std::vector<float>{.5f, .25f, .25f, .3f, .4f, .7f, 1, .5f, .5f}));
}

}  // namespace
}  // namespace winnow
