// Any bytes as a segment of the spool, as a feedback event in it, as a time of a database and as the URL of a store.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/feedback_json.h"
#include "store/spool.h"
#include "store/store_url.h"
#include "store/time_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  winnow::SpoolSegment segment;
  winnow::ReadSpoolRecords(bytes, segment);
  size_t read = 0;
  for (const std::string& record : segment.records) read += record.size();
  if (read > size) std::abort();

  // An event that was read is written as one that is read as the same.
  if (const auto event = winnow::ParseFeedbackLine(bytes)) {
    const auto again = winnow::ParseFeedbackLine(winnow::FeedbackLine(*event));
    if (!again || winnow::DigestOf(*again) != winnow::DigestOf(*event) || again->created_at != event->created_at)
      std::abort();
  }
  if (const auto time = winnow::ParseTimeText(bytes)) {
    if (winnow::ParseTimeText(winnow::TimeText(*time)) != time) std::abort();
  }
  static_cast<void>(winnow::ParseStoreUrl(bytes));
  return 0;
}
