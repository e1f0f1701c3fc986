#include "drift/drift_texts.h"

#include <algorithm>

namespace winnow {

Result<StoredTexts> ReadStoredTexts(Store& store, StoreTime since, std::optional<StoreTime> until, size_t most) {
  constexpr int kPage = 1000;
  StoredTexts read;
  MessageFilter filter{.since = since, .until = until, .limit = kPage};
  while (read.texts.size() < most) {
    std::vector<StoredMessage> page = TRY(store.ListMessages(filter));
    for (StoredMessage& each : page) {
      if (each.message.redacted) {
        ++read.redacted;
      } else if (read.texts.size() < most) {
        read.texts.push_back(std::move(each.message.text));
      }
    }
    if (page.size() < kPage) break;
    filter.before_id = page.back().id;
  }
  return read;
}

}  // namespace winnow
