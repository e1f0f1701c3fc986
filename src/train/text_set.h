/// Labelled texts as token ids: what the trainer works on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "classify/text_encoder.h"
#include "data/dataset.h"
#include "encoder/batch.h"
#include "train/loss.h"

namespace winnow {

struct TextSet {
  PackedBatch texts;
  std::vector<int32_t> labels;  ///< [texts] label ids of a single-label set
  std::vector<float> targets;   ///< [texts, num_labels] 0 or 1 for a multi-label set
  std::vector<float> soft;      ///< [texts, num_labels] soft labels (train/loss.h), or empty
  float soft_weight = 1, soft_temperature = 1;
  std::vector<size_t> rows;  ///< [texts] row of each text in its file
  size_t num_labels = 0;
  bool multi_label = false;

  size_t size() const { return texts.texts(); }
};

/// Encodes all examples as training reads them (TextEncoder::EncodeForTraining).
TextSet EncodeExamples(const Dataset& dataset, const TextEncoder& encoder);

/// Label smoothing of soft labels: spreads the share `smoothing` of each text evenly over all labels, as
/// torch.nn.CrossEntropyLoss(label_smoothing) does with probabilities. Changes nothing in a set without soft labels.
void SmoothSoftLabels(double smoothing, TextSet& set);

/// Copies the texts at `indices` of `set` into `batch`, which is cleared first.
void Gather(const TextSet& set, std::span<const uint32_t> indices, TextSet& batch);

/// Returns views for the loss.
inline Targets TargetsOf(const TextSet& set) {
  return {.labels = set.labels,
          .targets = set.targets,
          .soft = set.soft,
          .soft_weight = set.soft_weight,
          .soft_temperature = set.soft_temperature};
}

}  // namespace winnow
