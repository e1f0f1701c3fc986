#include "train/text_set.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

TEST(TextSet, WindowsAreLearntFromHeadAndTail) {
  Dataset dataset;
  dataset.labels.names = {"ham", "spam"};
  const std::string subject = "ab\x1e";
  for (const std::string& text :
       {std::string("a b c"), subject + "a b c d e f g h", std::string("a b c d e f g h i j")})
    dataset.examples.push_back({text, {0}, "", 0});
  const std::vector<std::string> words = {"ab a b c d e f g h i j"};
  const TemporaryDirectory dir;
  WriteTinyTokenizer(words, dir.path());
  const Tokenizer tokenizer = Tokenizer::Load(dir.path()).value();
  for (const LongText long_text : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
    const TextSet set = EncodeExamples(dataset, TextEncoder(tokenizer, {.max_length = 8, .long_text = long_text}));
    PackedBatch expected;
    for (const Example& example : dataset.examples) {
      if (long_text == LongText::kHead) {
        tokenizer.Encode(InputTextView::OfJoined(example.text), 8, expected.ids);
      } else {
        tokenizer.EncodeHeadTail(InputTextView::OfJoined(example.text), 8, expected.ids);
      }
      expected.EndText();
    }
    EXPECT_EQ(set.texts.ids, expected.ids);
    EXPECT_EQ(set.texts.offsets, expected.offsets);
    EXPECT_EQ(set.size(), 3u) << "a text is one example";
    EXPECT_EQ(tokenizer.TokenText(set.texts.ids[set.texts.ids.size() - 2]), long_text == LongText::kHead ? "f" : "j");
  }
}

TEST(TextSet, SoftLabelsAreSmoothedAsPyTorchSmoothsProbabilities) {
  TextSet set;
  set.num_labels = 2;
  set.labels = {0, 1};
  SmoothSoftLabels(0.2, set);
  EXPECT_TRUE(set.soft.empty());
  set.soft = {0.75f, 0.25f, 0, 1};
  SmoothSoftLabels(0.2, set);
  // torch: target * (1 - label_smoothing) + label_smoothing / labels
  const std::vector<float> expected = {0.7f, 0.3f, 0.1f, 0.9f};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_FLOAT_EQ(set.soft[i], expected[i]);
}

}  // namespace
}  // namespace winnow
