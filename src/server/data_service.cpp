#include "server/data_service.h"

#include <algorithm>
#include <utility>

#include "workspace/data_summary.h"

namespace winnow {

Result<std::shared_ptr<DataService>> DataService::Open(const std::filesystem::path& workspace,
                                                       const DataServiceOptions& options,
                                                       std::function<void(const std::string& name)> changed) {
  std::shared_ptr<DataService> service(new DataService());
  service->files_ = TRY(DataFiles::Open(
      {.directory = workspace / "data", .max_bytes = options.max_bytes, .changed = std::move(changed)}));
  return service;
}

Result<Json> DataService::Summary(const DataSource& source) {
  constexpr size_t kMostSummaries = 50;
  const std::string key = KeyOf(source);
  const auto find = [&]() REQUIRES(mutex_) {
    return std::ranges::find(summaries_, key, &std::pair<std::string, Json>::first);
  };
  {
    const MutexLock lock(mutex_);
    if (const auto found = find(); found != summaries_.end()) return found->second;
  }
  Json summary = TRY(SummaryOf(reader_, source));
  const MutexLock lock(mutex_);
  if (find() == summaries_.end()) summaries_.emplace_back(key, summary);
  if (summaries_.size() > kMostSummaries) summaries_.pop_front();
  return summary;
}

void DataService::Close() {
  closing_ = true;
  reading_.Finish();
  writing_.Finish();
}

}  // namespace winnow
