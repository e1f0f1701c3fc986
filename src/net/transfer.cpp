#include "net/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/ascii.h"
#include "base/authorities.h"
#include "base/environment.h"
#include "base/parse_number.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMaxRetryAfter{30'000};
constexpr size_t kMaxHeaderBytes = 1 << 20;

/// What Perform has loaded.
const CurlLibrary& Curl() { return **CurlLibrary::Load(); }

/// Headers of a request, as libcurl takes them: it does not copy them.
class HeaderList {
 public:
  void Add(const std::string& header) {
    curl_slist* const shorter = list_.release();
    curl_slist* const longer = Curl().slist_append(shorter, header.c_str());
    list_.reset(longer != nullptr ? longer : shorter);
  }
  curl_slist* get() const { return list_.get(); }

 private:
  struct Deleter {
    void operator()(curl_slist* list) const { Curl().slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, Deleter> list_;
};

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMaxHeaderBytes) return 0;
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name = LowerAscii(line.substr(0, colon));
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

int OnProgress(void* user, curl_off_t total, curl_off_t done, curl_off_t sent_total, curl_off_t sent) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.progress == nullptr || !*transfer.progress) return 0;
  if (transfer.reports_upload) {
    transfer.cancelled = !(*transfer.progress)(static_cast<uint64_t>(sent), static_cast<uint64_t>(sent_total));
    return transfer.cancelled ? 1 : 0;
  }
  const long status = transfer.Status();
  if (status != 200 && status != 206 && status != 0) return 0;  // bytes of a redirect or an error page
  const uint64_t base = status == 206 ? transfer.resumed_from : 0;
  const uint64_t all = total > 0 ? base + static_cast<uint64_t>(total) : 0;
  transfer.cancelled = !(*transfer.progress)(base + static_cast<uint64_t>(done), all);
  return transfer.cancelled ? 1 : 0;
}

void SetCertificates(CURL* easy) {
  std::optional<std::string> file;
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}) {
    if (!file) file = EnvironmentVariable(name);
  }
  if (!file) file = OtherAuthorities();
  if (file) Curl().easy_setopt(easy, CURLOPT_CAINFO, file->c_str());  // which is copied
  if (const char* dir = std::getenv("SSL_CERT_DIR"); dir != nullptr && *dir != '\0')
    Curl().easy_setopt(easy, CURLOPT_CAPATH, dir);
}

/// Returns true if the url names this machine: no proxy can reach that.
bool IsHere(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host.ends_with(".localhost") ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

template <typename Value>
void Set(CURL* easy, CURLoption option, Value value) {
  Curl().easy_setopt(easy, option, value);
}

/// What is asked for: URL, method and body. Adds a header that the body needs.
void SetCall(CURL* easy, const HttpCall& call, HeaderList& headers) {
  Set(easy, CURLOPT_URL, call.url.c_str());
  Set(easy, CURLOPT_PATH_AS_IS, 1L);
  Set(easy, CURLOPT_USERAGENT, "winnow/" WINNOW_VERSION);
  Set(easy, CURLOPT_NOBODY, call.method == HttpMethod::kHead ? 1L : 0L);
  if (call.method == HttpMethod::kPut) Set(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  if (call.method == HttpMethod::kDelete) Set(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
  if (call.method == HttpMethod::kPost || call.method == HttpMethod::kPut) {
    Set(easy, CURLOPT_POST, 1L);
    Set(easy, CURLOPT_POSTFIELDS, call.body.empty() ? "" : call.body.data());  // null would be "ask a callback"
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    if (call.body.size() > size_t{1} << 20) Set(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
    headers.Add("Expect:");  // curl would wait a second for servers that don't know it
  }
}

/// How the server is reached: protocols, redirects, proxy, credentials, certificates and timeouts.
void SetConnection(CURL* easy, const HttpOptions& options, const HttpCall& call) {
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_REDIR_PROTOCOLS_STR, call.url.starts_with("https:") ? "https" : "http,https");
  Set(easy, CURLOPT_BUFFERSIZE, 128L * 1024);  // fewer and larger pieces than curl's 16 KiB
  Set(easy, CURLOPT_FOLLOWLOCATION, options.follow_redirects ? 1L : 0L);
  Set(easy, CURLOPT_MAXREDIRS, 10L);
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  if (!options.unix_socket.empty()) Set(easy, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  if (!options.use_proxy || !options.unix_socket.empty() || IsHere(call.url)) Set(easy, CURLOPT_PROXY, "");
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  Set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.attempt_timeout.count()));
  Set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  Set(easy, CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options.stall_timeout.count() / 1000)));
  if (!options.bearer_token.empty()) {
    Set(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    Set(easy, CURLOPT_XOAUTH2_BEARER, options.bearer_token.c_str());
    Set(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
  }
  SetCertificates(easy);
}

void SetCallbacks(CURL* easy, Transfer& transfer) {
  Set(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(easy, CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  Set(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  Set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  Set(easy, CURLOPT_NOPROGRESS, 0L);
  Set(easy, CURLOPT_XFERINFOFUNCTION, &OnProgress);
  Set(easy, CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
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

}  // namespace

long Transfer::Status() const {
  long status = 0;
  Curl().easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

void CurlConnection::Deleter::operator()(CURL* easy) const { Curl().easy_cleanup(easy); }

Outcome CurlConnection::Perform(const HttpOptions& options, const HttpCall& call, Transfer& transfer) {
  if (const auto library = CurlLibrary::Load(); !library) return {CURLE_FAILED_INIT, library.error().Text()};
  if (!easy_) easy_.reset(Curl().easy_init());
  if (!easy_) return {CURLE_FAILED_INIT, "cannot start libcurl"};
  CURL* const easy = easy_.get();
  transfer.easy = easy;
  transfer.progress = &options.progress;
  char message[CURL_ERROR_SIZE] = "";
  HeaderList headers;
  for (const std::string& header : options.headers) headers.Add(header);
  for (const std::string& header : call.headers) headers.Add(header);
  SetCall(easy, call, headers);
  SetConnection(easy, options, call);
  SetCallbacks(easy, transfer);
  Set(easy, CURLOPT_HTTPHEADER, headers.get());
  Set(easy, CURLOPT_ERRORBUFFER, static_cast<char*>(message));

  const CURLcode code = Curl().easy_perform(easy);
  transfer.response.status = static_cast<int>(transfer.Status());
  transfer.easy = nullptr;
  // The options point to what ends here; connections stay.
  std::string told = *message != '\0' ? message : Curl().easy_strerror(code);
  Curl().easy_reset(easy);
  return {code, std::move(told)};
}

bool Retries::Again(const Outcome& outcome, const HttpAnswer& response, bool& cancelled) {
  const bool hope = outcome.code == CURLE_OK ? MayPassByItself(response.status) : MayPassByItself(outcome.code);
  const int allowed =
      NothingAnswers(outcome.code) ? std::min(options_.retries, options_.unanswered_retries) : options_.retries;
  if (!hope || used_ >= allowed) return false;
  ++used_;
  milliseconds wait = wait_;
  wait_ = std::min(wait_ * 2, std::max(options_.max_backoff, options_.backoff));
  if (const auto after = ParseNumber<uint64_t>(response.LastHeader("retry-after").value_or(""))) {
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

std::string Shown(std::string url, const HttpOptions& options) {
  if (!options.unix_socket.empty()) return "unix://" + options.unix_socket;
  url.resize(std::min(url.find('?'), url.size()));
  const size_t host = url.find("://");
  if (host != std::string::npos) {
    const size_t slash = url.find('/', host + 3);
    const size_t at = url.rfind('@', slash);
    if (at != std::string::npos && at > host) url.erase(host + 3, at - host - 2);
  }
  return url;
}

Error NetworkError(const std::string& url, const HttpOptions& options, const Outcome& outcome) {
  std::string hint;
  if (NothingAnswers(outcome.code)) hint = "check the network connection; if a proxy is needed, set https_proxy";
  if (outcome.code == CURLE_PEER_FAILED_VERIFICATION || outcome.code == CURLE_SSL_CACERT_BADFILE)
    hint = "set SSL_CERT_FILE to a file of trusted CA certificates";
  return {ErrorCode::kNetwork, fmt::format("{}: {}", Shown(url, options), outcome.message), hint};
}

std::unexpected<Error> Cancelled(const std::string& url, const HttpOptions& options) {
  return Fail(ErrorCode::kCancelled, fmt::format("{}: cancelled", Shown(url, options)));
}

}  // namespace winnow
