#include "data/label_sets.h"

namespace winnow {

std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset) {
  std::vector<std::vector<int32_t>> sets;
  sets.reserve(dataset.examples.size());
  for (const Example& example : dataset.examples) sets.push_back(example.labels);
  return sets;
}

}  // namespace winnow
