/// The receipt of a retraining: digests of the data, of the feedback and of the model.
#pragma once

#include <filesystem>
#include <span>

#include "base/json.h"
#include "base/result.h"
#include "retrain/retraining_data.h"

namespace winnow {

/// Returns {time, winnow_version, data: [{path, sha256}], export_rows, export_sha256, bundle, manifest_sha256, files}.
/// `feedback` may be null. Errors: kIo, ReadManifest's.
Result<Json> RetrainReceipt(std::span<const std::filesystem::path> data, const AddedFeedback* feedback,
                            const std::filesystem::path& bundle);

/// Appends to the list "retrained" of a receipt, such as that of `winnow forget`, or begins a file. Errors: kIo;
/// kInvalidData for a file that is not a JSON object.
Result<void> AppendReceipt(const std::filesystem::path& path, Json receipt);

}  // namespace winnow
