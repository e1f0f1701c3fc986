#include "train/text_set.h"

#include "data/label_sets.h"

namespace winnow {

namespace {

/// [texts, labels]: shares, or all for the one label.
std::vector<float> SoftLabels(const Dataset& dataset) {
  const size_t labels = dataset.labels.size();
  std::vector<float> soft(dataset.examples.size() * labels, 0.0f);
  for (size_t t = 0; t < dataset.examples.size(); ++t) {
    const Example& example = dataset.examples[t];
    float* row = soft.data() + t * labels;
    if (example.shares.empty() && !HasUnknownLabel(example)) row[example.labels.front()] = 1.0f;
    for (const auto& [id, share] : example.shares) row[id] = share;
  }
  return soft;
}

}  // namespace

TextSet EncodeExamples(const Dataset& dataset, const TextEncoder& encoder) {
  TextSet set;
  bool soft = false;
  set.num_labels = dataset.labels.size();
  set.multi_label = dataset.multi_label;
  for (const Example& example : dataset.examples) {
    encoder.EncodeForTraining(InputTextView::OfJoined(example.text), set.texts);
    set.rows.push_back(example.row);
    if (set.multi_label) {
      set.targets.resize(set.targets.size() + set.num_labels, 0.0f);
      float* row = set.targets.data() + set.targets.size() - set.num_labels;
      for (const int32_t label : example.labels) {
        if (label != kUnknownLabelId) row[label] = 1.0f;
      }
    } else {
      set.labels.push_back(example.labels.front());
      soft = soft || !example.shares.empty();
    }
  }
  if (soft) set.soft = SoftLabels(dataset);
  return set;
}

void SmoothSoftLabels(double smoothing, TextSet& set) {
  const double spread = smoothing / static_cast<double>(set.num_labels);
  for (float& share : set.soft) share = static_cast<float>(static_cast<double>(share) * (1 - smoothing) + spread);
}

void Gather(const TextSet& set, std::span<const uint32_t> indices, TextSet& batch) {
  batch.texts.Clear();
  batch.labels.clear();
  batch.targets.clear();
  batch.soft.clear();
  batch.soft_weight = set.soft_weight;
  batch.soft_temperature = set.soft_temperature;
  batch.rows.clear();
  batch.num_labels = set.num_labels;
  batch.multi_label = set.multi_label;
  const PackedTexts texts = set.texts.view();
  for (const uint32_t i : indices) {
    batch.texts.Append(texts.ids.subspan(texts.begin(i), texts.length(i)));
    batch.rows.push_back(set.rows[i]);
    const auto add_row = [&](const std::vector<float>& from, std::vector<float>& to) {
      const auto row = from.begin() + static_cast<std::ptrdiff_t>(i * set.num_labels);
      to.insert(to.end(), row, row + static_cast<std::ptrdiff_t>(set.num_labels));
    };
    if (!set.soft.empty()) add_row(set.soft, batch.soft);
    if (set.multi_label) {
      add_row(set.targets, batch.targets);
    } else {
      batch.labels.push_back(set.labels[i]);
    }
  }
}

}  // namespace winnow
