#include "train/text_set.h"

namespace winnow {

TextSet TokenizeExamples(const Dataset& dataset, const Tokenizer& tokenizer, int max_length) {
  TextSet set;
  set.num_labels = dataset.labels.size();
  set.multi_label = dataset.multi_label;
  for (const Example& example : dataset.examples) {
    tokenizer.EncodeSegments(example.text, max_length, set.texts.ids);
    set.texts.EndText();
    set.rows.push_back(example.row);
    if (set.multi_label) {
      set.targets.resize(set.targets.size() + set.num_labels, 0.0f);
      float* row = set.targets.data() + set.targets.size() - set.num_labels;
      for (const int32_t label : example.labels) row[label] = 1.0f;
    } else {
      set.labels.push_back(example.labels.front());
    }
  }
  return set;
}

void Gather(const TextSet& set, std::span<const uint32_t> indices, TextSet& batch) {
  batch.texts.Clear();
  batch.labels.clear();
  batch.targets.clear();
  batch.rows.clear();
  batch.num_labels = set.num_labels;
  batch.multi_label = set.multi_label;
  const PackedTexts texts = set.texts.view();
  for (const uint32_t i : indices) {
    batch.texts.Append(texts.ids.subspan(texts.begin(i), texts.length(i)));
    batch.rows.push_back(set.rows[i]);
    if (set.multi_label) {
      const auto row = set.targets.begin() + static_cast<std::ptrdiff_t>(i * set.num_labels);
      batch.targets.insert(batch.targets.end(), row, row + static_cast<std::ptrdiff_t>(set.num_labels));
    } else {
      batch.labels.push_back(set.labels[i]);
    }
  }
}

}  // namespace winnow
