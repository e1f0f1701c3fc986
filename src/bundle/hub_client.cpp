#include "bundle/hub_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/parse_number.h"
#include "base/percent_encoding.h"
#include "net/download.h"

namespace winnow {
namespace {

std::string Origin(const std::string& url) { return url.substr(0, url.find('/', url.find("://") + 3)); }

std::string Unquoted(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::optional<uint64_t> SizeOf(const std::optional<std::string>& header) {
  return header ? ParseNumber<uint64_t>(*header) : std::nullopt;
}

}  // namespace

HubClient::HubClient(std::string repository, const PullOptions& options)
    : repository_(std::move(repository)), options_(options), http_(options.http) {
  http_.bearer_token = options.token;
  endpoint_ = options.endpoint;
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
  if (options.progress) http_.progress = [this](uint64_t, uint64_t) { return options_.progress("", 0, 0); };
}

Result<HubRevision> HubClient::List() const {
  const std::string url =
      fmt::format("{}/api/models/{}/revision/{}", endpoint_, repository_, PercentEncoded(options_.revision));
  const HttpAnswer response = TRY(HttpGet(url, http_));
  TRY(RequireOkOfHub(url, response));
  const Json json = TRY(ParseJson(response.body, url, ErrorCode::kNetwork));
  HubRevision listing;
  const JsonObject object = TRY(JsonObject::Of(json, url, ErrorCode::kNetwork));
  listing.commit = TRY(object.String("sha")).value_or("");
  if (!IsHexDigest(listing.commit, 40) || !object.Has("siblings") || !json["siblings"].is_array())
    return Fail(ErrorCode::kNetwork, fmt::format("{}: the server did not respond like the Hugging Face hub", url),
                "check HF_ENDPOINT and the proxy settings");
  for (const Json& sibling : json["siblings"]) {
    if (sibling.is_object() && sibling.contains("rfilename") && sibling["rfilename"].is_string())
      listing.files.push_back(sibling["rfilename"].get<std::string>());
  }
  return listing;
}

// Large files redirect to a storage host, and only the hub's own response names their digest; small ones may redirect
// within the hub.
Result<HubFile> HubClient::Describe(const std::string& commit, const std::string& file) const {
  HttpOptions http = http_;
  http.follow_redirects = false;
  std::string url = FileUrl(commit, file);
  for (int hop = 0; hop < 5; ++hop) {
    const HttpAnswer response = TRY(HttpHead(url, http));
    const auto linked = response.LastHeader("x-linked-etag");
    const auto location = response.LastHeader("location");
    const bool redirects = response.status >= 300 && response.status < 400;
    if (redirects && !linked && location && location->starts_with('/') && !location->starts_with("//")) {
      url = Origin(url) + *location;
      continue;
    }
    if (!redirects) TRY(RequireOkOfHub(url, response));
    HubFile remote;
    remote.etag = Unquoted(linked.value_or(response.LastHeader("etag").value_or("")));
    remote.size = SizeOf(response.LastHeader(linked ? "x-linked-size" : "content-length"));
    // The etag becomes a file's name: only what looks like a digest is let through.
    if (!IsHexDigest(remote.etag, 64) && !IsHexDigest(remote.etag, 40))
      return Fail(ErrorCode::kNetwork, fmt::format("{}: the server sent no digest (etag '{}')", url, remote.etag),
                  "use another mirror in HF_ENDPOINT: a mirror must forward the hub's headers ETag and X-Linked-Etag");
    if (redirects && !linked) remote.size.reset();
    return remote;
  }
  return Fail(ErrorCode::kNetwork, fmt::format("{}: redirects in a loop", url));
}

Result<void> HubClient::Fetch(const std::string& commit, const std::string& file, const HubFile& about,
                              const std::filesystem::path& target) const {
  DownloadOptions download{http_, about.size, {}};
  if (IsHexDigest(about.etag, 64)) download.sha256 = about.etag;
  if (options_.progress)
    download.http.progress = [&](uint64_t done, uint64_t total) { return options_.progress(file, done, total); };
  TRY(HttpDownload(FileUrl(commit, file), target, download));
  return {};
}

std::string HubClient::FileUrl(std::string_view commit, const std::string& file) const {
  return fmt::format("{}/{}/resolve/{}/{}", endpoint_, repository_, commit, PercentEncoded(file, "/"));
}

Result<void> HubClient::RequireOkOfHub(const std::string& url, const HttpAnswer& response) const {
  Result<void> result = RequireOk(url, response);
  if (result) return result;
  // The hub answers 401 for what doesn't exist too, so as not to tell what is private.
  if (response.status == 401 || response.status == 403 || response.status == 404) {
    result.error().hint = options_.token.empty()
                              ? "check the name; for a private or gated model, set HF_TOKEN to an access token"
                              : "check the name, and that the token in HF_TOKEN has access to this model";
  }
  return result;
}

}  // namespace winnow
