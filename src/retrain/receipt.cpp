#include "retrain/receipt.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/machine.h"
#include "base/output_file.h"
#include "bundle/manifest.h"

namespace winnow {

namespace fs = std::filesystem;

Result<Json> RetrainReceipt(std::span<const fs::path> data, const AddedFeedback* feedback, const fs::path& bundle) {
  Json files = Json::array();
  for (const fs::path& file : data) files.push_back({{"path", file.string()}, {"sha256", TRY(Sha256OfFile(file))}});
  const Manifest manifest = TRY(ReadManifest(bundle));
  return Json{{"time", TimestampUtc()},
              {"winnow_version", WINNOW_VERSION},
              {"data", files},
              {"export_rows", feedback != nullptr ? Json(feedback->rows) : Json()},
              {"export_sha256", feedback != nullptr ? Json(feedback->sha256) : Json()},
              {"bundle", bundle.string()},
              {"manifest_sha256", TRY(Sha256OfFile(bundle / kManifestFile))},
              {"files", manifest.sha256}};
}

Result<void> AppendReceipt(const fs::path& path, Json receipt) {
  Json document = {{"receipt", "retrain"}};
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    document = TRY(ParseJsonLeniently(TRY(ReadFile(path)), JsonOrder::kAsWritten));
    if (!document.is_object()) {
      return Fail(ErrorCode::kInvalidData, path.string() + ": not a receipt: expected a JSON object",
                  "specify another file with --receipt");
    }
  }
  Json& list = document["retrained"];
  if (!list.is_array()) list = Json::array();
  list.push_back(std::move(receipt));
  return WriteOutputFile(path, document.dump(2) + "\n");
}

}  // namespace winnow
