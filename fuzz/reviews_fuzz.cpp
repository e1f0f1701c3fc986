// Any bytes as the files of reviews: the log of labels, the settings, numbers that were computed once, and the table
// that `data doctor` wrote and a person changed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "doctor/review.h"
#include "input_files.h"
#include "review/label_log.h"
#include "review/queues.h"
#include "review/review_pool.h"

namespace {

winnow::Dataset SmallData() {
  winnow::Dataset data;
  for (const char* const text : {"win a prize", "see you at six", "=1+1"}) {
    winnow::Example example;
    example.text = text;
    example.labels = {static_cast<int32_t>(data.examples.size() % 2)};
    example.file = "data.csv";
    example.row = data.examples.size() + 2;
    data.examples.push_back(std::move(example));
  }
  data.labels.names = {"ham", "spam"};
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const winnow::MemoryFile kFile;
  static const winnow::MemoryDirectory kDirectory;
  static const winnow::Dataset kData = SmallData();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kFile.Set(text);
  static_cast<void>(winnow::ReadEntries(kFile.path(), [](const winnow::LogEntry& entry) -> winnow::Result<void> {
    const auto again = winnow::LogEntry::FromJson(entry.ToJson());
    if (!again || again->decisions.size() != entry.decisions.size() || again->time != entry.time) std::abort();
    return {};
  }));
  if (const auto fixes = winnow::ReadReview(kFile.path(), kData);
      fixes && fixes->of_text.size() != kData.examples.size())
    std::abort();
  static_cast<void>(winnow::ReadNumbers(kFile.path(), "fuzz"));
  static_cast<void>(winnow::ParseQueue(text));
  if (const auto json = winnow::ParseJson(text, "fuzz")) static_cast<void>(winnow::ReviewSettings::FromJson(*json));
  // As a whole directory: "=== review.json" begins a file.
  if (!text.starts_with("=== ")) return 0;
  kDirectory.Clear();
  winnow::ForEachInputFile(text, [&](std::string_view name, std::string_view contents) {
    if (name == winnow::kReviewFile || name == winnow::kPoolFile || name == winnow::kLabelLog)
      kDirectory.Write(name, contents);
  });
  static_cast<void>(winnow::ReadReview(kDirectory.path()));
  return 0;
}
