#include "server/handle_request.h"

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "server/api_error.h"
#include "server/gzip.h"
#include "server/header_values.h"
#include "server/request_reader.h"

namespace winnow {
namespace {

/// Puts the response that `make` returns; if there is no memory for it, one that needs none.
template <class Make>
void PutOrFail(ReplySlot& slot, const Make& make) noexcept {
  try {
    slot.Put(make());
  } catch (const std::bad_alloc&) {
    slot.Put(HttpResponse{.status = 503, .body = {}, .content_type = "text/plain", .headers = {}});
  }
}

/// Puts responses into a slot, and status 500 when it goes and none was put: the handler has forgotten the request.
class Replier {
 public:
  explicit Replier(std::shared_ptr<ReplySlot> slot) : slot_(std::move(slot)) {}
  Replier(const Replier&) = delete;
  Replier& operator=(const Replier&) = delete;
  ~Replier() {
    if (slot_->ready()) return;
    PutOrFail(*slot_, [] { return ErrorResponse(500, "Internal", "the server produced no response"); });
  }
  void operator()(HttpResponse response) const { slot_->Put(std::move(response)); }

 private:
  std::shared_ptr<ReplySlot> slot_;
};

/// Decompresses the body, if it is compressed. Returns the response to a body that cannot be decompressed.
std::optional<HttpResponse> DecompressBody(HttpRequest& request, uint64_t max_body_bytes) {
  const std::string_view encoding = request.Header("content-encoding");
  if (encoding.empty() || encoding == "identity") return std::nullopt;
  if (!EqualsIgnoringCase(encoding, "gzip")) {
    return ErrorResponse(415, "Validation", "Content-Encoding: only gzip is supported");
  }
  Result<std::string> body = Gunzip(request.body, max_body_bytes);
  if (!body && body.error().code == ErrorCode::kUnsupported) {
    return ErrorResponse(413, "TooLarge",
                         "the decompressed request body exceeds the size limit of the server (--max-body-mb)");
  }
  if (!body) return ErrorResponse(400, "Validation", "the body is not a complete gzip stream");
  const size_t compressed = request.body.size();
  if (body->size() > compressed && !request.memory.Grow(body->size() - compressed)) return OutOfMemory().Response();
  request.body = *std::move(body);
  return std::nullopt;
}

HttpResponse Completed(const HttpApplication& application, HttpRequest& request, HttpResponse response) {
  application.Complete(request, response);
  return response;
}

}  // namespace

void HandleRequest(const std::shared_ptr<HttpApplication>& application, const std::shared_ptr<HttpRequest>& request,
                   uint64_t max_body_bytes, const std::shared_ptr<ReplySlot>& slot) {
  const auto replier = std::make_shared<const Replier>(slot);
  try {
    if (std::optional<HttpResponse> refusal = DecompressBody(*request, max_body_bytes)) {
      return (*replier)(Completed(*application, *request, *std::move(refusal)));
    }
    application->Handle(request, [replier](HttpResponse response) { (*replier)(std::move(response)); });
  } catch (const std::bad_alloc&) {
    PutOrFail(*slot, [&] { return Completed(*application, *request, OutOfMemory().Response()); });
  } catch (const std::exception& e) {
    LogError("request {}: {}", request->id, e.what());
    (*replier)(
        Completed(*application, *request,
                  ErrorResponse(500, "Internal", "internal error; see the server's log under the ID of this request")));
  }
}

}  // namespace winnow
