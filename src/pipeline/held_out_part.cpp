#include "pipeline/held_out_part.h"

#include <algorithm>

#include "pipeline/data_plan.h"

namespace winnow {

Result<std::set<size_t>> HeldOutRows(const std::filesystem::path& file, const ReadingOptions& reading,
                                     const SplitOptions& split) {
  SplitReport report;
  const Split parts =
      TRY(ReadSplit({.train = {file}, .validation = {}, .test = {}}, ReadOptionsOf(reading), split, report));
  if (parts.test.examples.empty()) {
    return Fail(ErrorCode::kInvalidData, file.string() + ": there are too few texts for a test part",
                "evaluate on another file");
  }
  std::set<size_t> rows;
  for (const Example& example : parts.test.examples) rows.insert(example.row);
  return rows;
}

void KeepRows(Dataset& dataset, const std::set<size_t>& rows) {
  std::erase_if(dataset.examples, [&](const Example& example) { return !rows.contains(example.row); });
}

}  // namespace winnow
