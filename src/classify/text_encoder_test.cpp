#include "classify/text_encoder.h"

#include <gtest/gtest.h>

#include <string>

#include "text/disguise.h"
#include "tokenize/wordpiece_trainer.h"

namespace winnow {
namespace {

using Ids = std::vector<int32_t>;

class TextEncoding : public testing::Test {
 protected:
  TokenizedTexts Encoded(const TextEncoderOptions& options, InputTextView text) const {
    TokenizedTexts out;
    TextEncoder(tokenizer_, options).Encode({&text, 1}, out);
    return out;
  }

  const std::vector<std::string> words_ = {"ab a b c d e f g h i j free money"};
  const Tokenizer tokenizer_ = TrainWordPiece(words_, {.vocab_size = 80}).value();
};

TEST_F(TextEncoding, SegmentsAreOneTextOrAPairAsTheModelHasIt) {
  const InputTextView text = InputTextView::OfJoined(
      "a b\x1e"
      "c d");
  Ids segments, pair;
  tokenizer_.Encode(text, 16, segments);
  const size_t second = tokenizer_.EncodePair("a b", "c d", 16, PairCut::kLonger, pair);
  const TokenizedTexts as_segments = Encoded({.max_length = 16}, text);
  EXPECT_EQ(as_segments.windows.ids, segments);
  EXPECT_TRUE(as_segments.windows.second_begins.empty());
  const TokenizedTexts as_pair = Encoded({.max_length = 16, .segments = SegmentReading::kPair}, text);
  EXPECT_EQ(as_pair.windows.ids, pair);
  EXPECT_TRUE(as_pair.windows.second_begins.empty());
  const TokenizedTexts typed = Encoded({.max_length = 16, .segments = SegmentReading::kTypedPair}, text);
  EXPECT_EQ(typed.windows.ids, pair);
  EXPECT_EQ(typed.windows.second_begins, Ids{static_cast<int32_t>(second)});
}

TEST_F(TextEncoding, ATextOfOneSegmentIsNeverAPair) {
  Ids expected;
  tokenizer_.Encode(
      "a b\x1e"
      "c d",
      16, expected);
  for (const SegmentReading reading : {SegmentReading::kSegments, SegmentReading::kPair, SegmentReading::kTypedPair}) {
    EXPECT_EQ(Encoded({.max_length = 16, .segments = reading},
                      "a b\x1e"
                      "c d")
                  .windows.ids,
              expected);
  }
}

TEST_F(TextEncoding, APairIsOneWindowInEveryMode) {
  const InputTextView text = InputTextView::OfJoined(
      "a b c d e f g h\x1e"
      "i j");
  for (const LongText long_text : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
    const TextEncoderOptions options{.max_length = 8, .long_text = long_text, .segments = SegmentReading::kTypedPair};
    EXPECT_EQ(Encoded(options, text).windows.texts(), 1u);
    EXPECT_EQ(Encoded(options, text).windows.ids.size(), 8u);
    EXPECT_TRUE(TextEncoder(tokenizer_, options).Cuts(text));
  }
}

TEST_F(TextEncoding, FoldsEverythingThatItReads) {
  const std::string disguised = "f.r.e.e m\u200B0n\u0435y", folded = FoldDisguises(disguised);
  ASSERT_EQ(folded, "free money");
  for (const LongText long_text : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
    const TextEncoderOptions folding{.max_length = 16, .long_text = long_text, .fold_disguises = true};
    const TextEncoderOptions plain{.max_length = 16, .long_text = long_text};
    EXPECT_EQ(Encoded(folding, disguised).windows.ids, Encoded(plain, folded).windows.ids);
    EXPECT_NE(Encoded(plain, disguised).windows.ids, Encoded(plain, folded).windows.ids);
    EXPECT_FALSE(TextEncoder(tokenizer_, folding).Cuts(disguised));
    PackedBatch trained, expected;
    TextEncoder(tokenizer_, folding).EncodeForTraining(disguised, trained);
    TextEncoder(tokenizer_, plain).EncodeForTraining(folded, expected);
    EXPECT_EQ(trained.ids, expected.ids);
  }
}

TEST_F(TextEncoding, WhatIsCutIsWhatHeadAndHeadTailLeaveOut) {
  for (const LongText long_text : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
    const TextEncoder encoder(tokenizer_, {.max_length = 6, .long_text = long_text});
    EXPECT_FALSE(encoder.Cuts("a b c d"));
    EXPECT_EQ(encoder.Cuts("a b c d e"), long_text != LongText::kWindows);
    EXPECT_EQ(encoder.Cuts(InputTextView::OfJoined("a b\x1e"
                                                   "c d")),
              long_text != LongText::kWindows)
        << "the separator counts";
  }
}

}  // namespace
}  // namespace winnow
