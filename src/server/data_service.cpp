#include "server/data_service.h"

#include <utility>

namespace winnow {

Result<std::shared_ptr<DataService>> DataService::Open(const std::filesystem::path& workspace,
                                                       const DataServiceOptions& options,
                                                       std::function<void(const std::string& name)> changed) {
  std::shared_ptr<DataService> service(new DataService());
  service->files_ = TRY(DataFiles::Open(
      {.directory = workspace / "data", .max_bytes = options.max_bytes, .changed = std::move(changed)}));
  return service;
}

void DataService::Close() {
  reading_.Finish();
  writing_.Finish();
}

}  // namespace winnow
