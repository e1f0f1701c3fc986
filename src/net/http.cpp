#include "net/http.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "base/files.h"
#include "base/hash.h"
#include "net/curl_library.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kMaxRetryAfter{30'000};
constexpr size_t kMaxHeaderBytes = 1 << 20;

/// What Perform has loaded.
const CurlLibrary& Curl() { return **CurlLibrary::Load(); }

struct EasyDeleter {
  void operator()(CURL* easy) const { Curl().easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { Curl().slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

/// The url for messages: without a user's password, without a signed query.
std::string Shown(std::string url) {
  url.resize(std::min(url.find('?'), url.size()));
  const size_t host = url.find("://");
  if (host != std::string::npos) {
    const size_t slash = url.find('/', host + 3);
    const size_t at = url.rfind('@', slash);
    if (at != std::string::npos && at > host) url.erase(host + 3, at - host - 2);
  }
  return url;
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One request's state while curl runs it. `sink` takes the body: memory or a file.
struct Transfer {
  CURL* easy = nullptr;
  HttpAnswer response;
  size_t header_bytes = 0;
  std::function<bool(std::string_view)> sink;
  const TransferProgress* progress = nullptr;
  uint64_t resumed_from = 0;
  bool cancelled = false;
  std::optional<Error> failure;  // why `sink` stopped the transfer

  long Status() const {
    long status = 0;
    Curl().easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
};

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMaxHeaderBytes) return 0;
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && std::strchr(" \t\r\n", value.back()) != nullptr) value.remove_suffix(1);
  while (!value.empty() && std::strchr(" \t", value.front()) != nullptr) value.remove_prefix(1);
  transfer.response.headers.emplace_back(std::move(name), value);
  return size;
}

size_t OnBody(char* data, size_t, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return transfer.sink(std::string_view(data, size)) ? size : 0;
}

int OnProgress(void* user, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.progress == nullptr || !*transfer.progress) return 0;
  const long status = transfer.Status();
  if (status != 200 && status != 206 && status != 0) return 0;  // bytes of a redirect or an error page
  const uint64_t base = status == 206 ? transfer.resumed_from : 0;
  const uint64_t all = total > 0 ? base + static_cast<uint64_t>(total) : 0;
  transfer.cancelled = !(*transfer.progress)(base + static_cast<uint64_t>(done), all);
  return transfer.cancelled ? 1 : 0;
}

void SetCertificates(CURL* easy) {
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}) {
    if (const char* file = std::getenv(name); file != nullptr && *file != '\0') {
      Curl().easy_setopt(easy, CURLOPT_CAINFO, file);
      break;
    }
  }
  if (const char* dir = std::getenv("SSL_CERT_DIR"); dir != nullptr && *dir != '\0')
    Curl().easy_setopt(easy, CURLOPT_CAPATH, dir);
}

struct Outcome {
  CURLcode code = CURLE_OK;
  std::string message;  // curl's own words
};

/// Runs one request. `headers` are added to the options'.
Outcome Perform(const std::string& url, const HttpOptions& options, const std::vector<std::string>& headers, bool head,
                Transfer& transfer) {
  if (const auto library = CurlLibrary::Load(); !library) return {CURLE_FAILED_INIT, library.error().Text()};
  const Easy easy(Curl().easy_init());
  if (!easy) return {CURLE_FAILED_INIT, "can't start libcurl"};
  transfer.easy = easy.get();
  transfer.progress = &options.progress;
  char message[CURL_ERROR_SIZE] = "";
  List list;
  const auto add = [&list](const std::string& header) {
    curl_slist* longer = Curl().slist_append(list.get(), header.c_str());
    if (longer == nullptr) return;
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const std::string& header : options.headers) add(header);
  for (const std::string& header : headers) add(header);

  const auto set = [&easy](CURLoption option, auto value) { Curl().easy_setopt(easy.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, options.follow_redirects ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOBODY, head ? 1L : 0L);
  set(CURLOPT_USERAGENT, "winnow/" WINNOW_VERSION);
  set(CURLOPT_HTTPHEADER, list.get());
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(message));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options.stall_timeout.count() / 1000)));
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &OnProgress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
  if (!options.bearer_token.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set(CURLOPT_XOAUTH2_BEARER, options.bearer_token.c_str());
    set(CURLOPT_UNRESTRICTED_AUTH, 0L);
  }
  SetCertificates(easy.get());

  const CURLcode code = Curl().easy_perform(easy.get());
  transfer.response.status = static_cast<int>(transfer.Status());
  transfer.easy = nullptr;
  return {code, *message != '\0' ? message : Curl().easy_strerror(code)};
}

bool NothingAnswers(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT;
}

bool MayPassByItself(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return NothingAnswers(code);
  }
}

bool MayPassByItself(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

Error NetworkError(const std::string& url, const Outcome& outcome) {
  std::string hint;
  if (NothingAnswers(outcome.code)) hint = "is the network up? A proxy is named by https_proxy";
  if (outcome.code == CURLE_PEER_FAILED_VERIFICATION || outcome.code == CURLE_SSL_CACERT_BADFILE)
    hint = "name the file of the certificate authorities in SSL_CERT_FILE";
  return {ErrorCode::kNetwork, fmt::format("{}: {}", Shown(url), outcome.message), hint};
}

/// Decides after each attempt whether there is another one, and waits for it.
class Retries {
 public:
  explicit Retries(const HttpOptions& options) : options_(options), wait_(options.backoff) {}

  /// True once it is time to try again; false when there is nothing to hope for or the user cancelled.
  bool Again(const Outcome& outcome, const HttpAnswer& response, bool& cancelled) {
    const bool hope = outcome.code == CURLE_OK ? MayPassByItself(response.status) : MayPassByItself(outcome.code);
    const int allowed = NothingAnswers(outcome.code) ? std::min(options_.retries, 1) : options_.retries;
    if (!hope || used_ >= allowed) return false;
    ++used_;
    milliseconds wait = wait_;
    wait_ *= 2;
    if (const auto after = ParseNumber(response.LastHeader("retry-after").value_or(""))) {
      wait = std::max(wait, milliseconds(static_cast<int64_t>(std::min<uint64_t>(*after, 3600)) * 1000));
      wait = std::min(wait, std::max(kMaxRetryAfter, wait_));
    }
    const auto until = std::chrono::steady_clock::now() + wait;
    while (std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::min(wait, milliseconds(50)));
      if (options_.progress && !options_.progress(0, 0)) {
        cancelled = true;
        return false;
      }
    }
    return true;
  }

 private:
  const HttpOptions& options_;
  milliseconds wait_;
  int used_ = 0;
};

std::unexpected<Error> Cancelled(const std::string& url) {
  return Fail(ErrorCode::kCancelled, fmt::format("{}: cancelled", Shown(url)));
}

Result<HttpAnswer> Request(const std::string& url, const HttpOptions& options, bool head) {
  Retries retries(options);
  for (;;) {
    Transfer transfer;
    transfer.sink = [&](std::string_view bytes) {
      std::string& body = transfer.response.body;
      if (bytes.size() > options.max_body_bytes - body.size()) {
        transfer.failure = Error{ErrorCode::kNetwork,
                                 fmt::format("{}: answers with more than {} bytes", Shown(url), options.max_body_bytes),
                                 {}};
        return false;
      }
      body += bytes;
      return true;
    };
    const Outcome outcome = Perform(url, options, {}, head, transfer);
    if (transfer.cancelled) return Cancelled(url);
    if (transfer.failure) return std::unexpected(std::move(*transfer.failure));
    bool cancelled = false;
    if (retries.Again(outcome, transfer.response, cancelled)) continue;
    if (cancelled) return Cancelled(url);
    if (outcome.code != CURLE_OK) return std::unexpected(NetworkError(url, outcome));
    return std::move(transfer.response);
  }
}

/// A file that arrives in pieces, and what proves that its server still has the same one.
class PartialFile {
 public:
  static Result<PartialFile> Open(const fs::path& path) {
    PartialFile file;
    file.path_ = path;
    file.validator_path_ = path.string() + ".etag";
    file.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file.fd_ < 0) return std::unexpected(file.Failure("can't write"));
    file.size_ = static_cast<uint64_t>(std::max<off_t>(0, ::lseek(file.fd_, 0, SEEK_END)));
    if (file.size_ > 0) file.validator_ = ReadFile(file.validator_path_).value_or("");
    return file;
  }

  PartialFile(PartialFile&& other) noexcept
      : path_(std::move(other.path_)),
        validator_path_(std::move(other.validator_path_)),
        validator_(std::move(other.validator_)),
        fd_(std::exchange(other.fd_, -1)),
        size_(other.size_) {}
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  uint64_t size() const { return size_; }
  const std::string& validator() const { return validator_; }

  bool Restart() {
    if (::ftruncate(fd_, 0) != 0) return false;
    ::lseek(fd_, 0, SEEK_SET);
    size_ = 0;
    return true;
  }

  /// Remembers the strong ETag, or the date, of the file whose bytes follow.
  void SetValidator(const HttpAnswer& response) {
    std::string validator = response.LastHeader("etag").value_or("");
    if (validator.empty() || validator.starts_with("W/")) validator = response.LastHeader("last-modified").value_or("");
    if (validator == validator_) return;
    validator_ = validator;
    std::error_code ignored;
    if (validator_.empty()) fs::remove(validator_path_, ignored);
    // Without it the next attempt starts over: no reason to fail this one.
    if (!validator_.empty()) static_cast<void>(WriteFileAtomically(validator_path_, validator_));
  }

  bool Append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
    return true;
  }

  /// Durable and under its final name.
  Result<void> Finish(const fs::path& final_path) {
    if (::fsync(fd_) != 0) return std::unexpected(Failure("can't write"));
    if (::rename(path_.c_str(), final_path.c_str()) != 0) return std::unexpected(Failure("can't rename into place"));
    std::error_code ignored;
    fs::remove(validator_path_, ignored);
    return {};
  }

  Error Failure(std::string_view doing) const {
    const int number = errno;
    return {ErrorCode::kIo, fmt::format("{}: {}: {}", path_.string(), doing, std::strerror(number)),
            number == ENOSPC ? "free some space; what has arrived is kept and the download goes on from there" : ""};
  }

 private:
  PartialFile() = default;

  fs::path path_;
  fs::path validator_path_;
  std::string validator_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// True where "bytes 100-199/200" begins at `offset`.
bool RangeBeginsAt(const HttpAnswer& response, uint64_t offset) {
  const std::string range = response.LastHeader("content-range").value_or("");
  constexpr std::string_view kUnit = "bytes ";
  if (!range.starts_with(kUnit)) return false;
  const size_t dash = range.find('-');
  return dash != std::string::npos &&
         ParseNumber(std::string_view(range).substr(kUnit.size(), dash - kUnit.size())) == offset;
}

/// Takes the body of one attempt: appends what continues the part, starts over where the server sends the whole file,
/// keeps error pages out.
bool TakeBody(const std::string& url, std::string_view bytes, bool& begun, Transfer& transfer, PartialFile& part) {
  const long status = transfer.Status();
  if (status != 200 && status != 206) return true;
  if (!begun) {
    begun = true;
    if (status == 206 && !RangeBeginsAt(transfer.response, part.size())) {
      transfer.failure =
          Error{ErrorCode::kNetwork, fmt::format("{}: sent another range than asked for", Shown(url)), {}};
      return false;
    }
    if (status == 200 && part.size() > 0 && !part.Restart()) {
      transfer.failure = part.Failure("can't truncate");
      return false;
    }
    if (status == 200) part.SetValidator(transfer.response);
  }
  if (part.Append(bytes)) return true;
  transfer.failure = part.Failure("can't write");
  return false;
}

/// All bytes of the file, over as many attempts as it takes. Their digest is not looked at here.
Result<HttpAnswer> FetchAll(const std::string& url, PartialFile& part, const DownloadOptions& options) {
  Retries retries(options.http);
  for (;;) {
    const uint64_t begin = part.size();
    if (options.size && begin > *options.size && !part.Restart())
      return std::unexpected(part.Failure("can't truncate"));
    if (options.size && begin == *options.size && begin > 0 && !options.sha256.empty()) {
      HttpAnswer complete;  // cut off between the last byte and the rename; the digest decides
      complete.status = 200;
      return complete;
    }
    if (begin > 0 && part.validator().empty() && options.sha256.empty() && !part.Restart())
      return std::unexpected(part.Failure("can't truncate"));
    std::vector<std::string> headers;
    if (part.size() > 0) {
      headers.push_back(fmt::format("Range: bytes={}-", part.size()));
      if (!part.validator().empty()) headers.push_back("If-Range: " + part.validator());
    }
    Transfer transfer;
    transfer.resumed_from = part.size();
    bool begun = false;
    transfer.sink = [&](std::string_view bytes) { return TakeBody(url, bytes, begun, transfer, part); };
    const Outcome outcome = Perform(url, options.http, headers, false, transfer);
    if (transfer.cancelled) return Cancelled(url);
    if (transfer.failure) return std::unexpected(std::move(*transfer.failure));
    HttpAnswer& response = transfer.response;
    if (outcome.code == CURLE_OK && response.status == 416 && transfer.resumed_from > 0) {
      if (!part.Restart()) return std::unexpected(part.Failure("can't truncate"));
      continue;  // the part is no part of what the server has; a fresh request can't be answered so again
    }
    if (outcome.code == CURLE_OK && response.status == 200 && !begun && part.size() > 0 && !part.Restart())
      return std::unexpected(part.Failure("can't truncate"));  // an empty file took the part's place
    bool cancelled = false;
    if (retries.Again(outcome, response, cancelled)) continue;
    if (cancelled) return Cancelled(url);
    if (outcome.code != CURLE_OK) return std::unexpected(NetworkError(url, outcome));
    TRY(RequireOk(url, response));
    return std::move(response);
  }
}

}  // namespace

std::optional<std::string> HttpAnswer::FirstHeader(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> HttpAnswer::LastHeader(std::string_view name) const {
  for (auto each = headers.rbegin(); each != headers.rend(); ++each) {
    if (each->first == name) return each->second;
  }
  return std::nullopt;
}

Result<HttpAnswer> HttpGet(const std::string& url, const HttpOptions& options) {
  return Request(url, options, false);
}

Result<HttpAnswer> HttpHead(const std::string& url, const HttpOptions& options) {
  return Request(url, options, true);
}

Result<void> RequireOk(const std::string& url, const HttpAnswer& response) {
  if (response.ok()) return {};
  std::string meaning;
  if (response.status == 401) meaning = " (not signed in)";
  if (response.status == 403) meaning = " (forbidden)";
  if (response.status == 404) meaning = " (not found)";
  if (response.status == 429) meaning = " (too many requests)";
  return Fail(response.status == 404 ? ErrorCode::kNotFound : ErrorCode::kNetwork,
              fmt::format("{}: the server answered {}{}", Shown(url), response.status, meaning));
}

Result<HttpAnswer> HttpDownload(const std::string& url, const fs::path& path, const DownloadOptions& options) {
  for (const bool last_attempt : {false, true}) {
    const fs::path part_path = path.string() + ".incomplete";
    PartialFile part = TRY(PartialFile::Open(part_path));
    Result<HttpAnswer> response = FetchAll(url, part, options);
    std::error_code ignored;
    if (!response) {
      if (part.size() == 0) fs::remove(part_path, ignored);
      return response;
    }
    std::string problem;
    if (options.size && part.size() != *options.size)
      problem = fmt::format("holds {} bytes, expected {}", part.size(), *options.size);
    if (problem.empty() && !options.sha256.empty()) {
      const std::string digest = TRY(Sha256OfFile(part_path));
      if (digest != options.sha256) problem = fmt::format("has SHA-256 {}, expected {}", digest, options.sha256);
    }
    if (problem.empty()) {
      TRY(part.Finish(path));
      return response;
    }
    fs::remove(part_path, ignored);
    fs::remove(part_path.string() + ".etag", ignored);
    if (last_attempt) {
      return Fail(ErrorCode::kNetwork, fmt::format("{}: what arrived {}", Shown(url), problem),
                  "something between here and the server changes or cuts the file: a proxy, a mirror?");
    }
  }
  return Fail(ErrorCode::kInternal, "HttpDownload: not reached");
}

std::string UrlEncodePath(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::strchr("-._~/", c) != nullptr;
    if (plain && c != '\0') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace winnow
