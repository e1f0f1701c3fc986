#include "artifacts/artifact_store.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "artifacts/folder_store.h"
#include "artifacts/s3_store.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

constexpr std::string_view kForms =
    "write the path of a directory, file:///absolute/path, s3://BUCKET/PREFIX/ or gs://BUCKET/PREFIX/";

/// Returns the scheme of a URL, or nothing for a path.
std::string_view SchemeOf(std::string_view url) {
  const size_t colon = url.find("://");
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view scheme = url.substr(0, colon);
  return scheme.find('/') == std::string_view::npos ? scheme : std::string_view();
}

Result<std::filesystem::path> PathOfFileUrl(std::string_view rest) {
  if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
  const std::optional<std::string> path = PercentDecoded(rest);
  if (!path || path->empty() || path->front() != '/') {
    return Fail(ErrorCode::kInvalidArgument, "a file:// URL of an artifact store must name an absolute path",
                std::string(kForms));
  }
  return std::filesystem::path(*path);
}

}  // namespace

Result<std::unique_ptr<ArtifactStore>> ArtifactStore::Open(std::string_view url, ArtifactOptions options) {
  if (url.empty() || url.find('\0') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "the URL of the artifact store is empty or contains a zero byte",
                std::string(kForms));
  }
  const std::string_view scheme = SchemeOf(url);
  if (scheme.empty()) return std::make_unique<FolderStore>(std::filesystem::path(url), std::move(options));
  const std::string_view rest = url.substr(scheme.size() + 3);
  if (scheme == "file") return std::make_unique<FolderStore>(TRY(PathOfFileUrl(rest)), std::move(options));
  if (scheme == "s3" || scheme == "gs") return TRY(S3Store::Open(url, std::move(options)));
  return Fail(ErrorCode::kUnsupported, fmt::format("artifact stores of the kind '{}' are not supported", scheme),
              std::string(kForms));
}

}  // namespace winnow
