#include <fmt/format.h>

#include <memory>
#include <utility>

#include "server/gzip.h"
#include "server/page_files.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kPageTag[] = "Web page";
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src "
    "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
constexpr char kLeftOut[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Winnow</title><h1>This build of Winnow has no web "
    "page</h1><p>The page was left out because nodejs and npm were missing when the program was built. Run "
    "<code>./dev build</code> where it can install them, and start the server again. The API works without the page: "
    "see <a href=\"./../docs\">/docs</a>.</p></html>";
constexpr size_t kMostBytes = 64 << 20;  // of a file, uncompressed

enum class Caching { kAsk, kForever };

/// Lets the browser take from the page what it is made of, and nothing else.
HttpResponse Protected(HttpResponse response) {
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

HttpResponse DamagedResponse() { return ErrorResponse(500, "Internal", "the file of the page is damaged"); }

HttpResponse FileResponse(const HttpRequest& request, PageFile file, Caching caching) {
  // A file of a directory may change at any time.
  const bool kept = caching == Caching::kForever && !file.etag.empty();
  HttpResponse response = Protected({});
  response.headers.emplace_back("Cache-Control", kept ? "public, max-age=31536000, immutable" : "no-cache");
  response.content_type = std::move(file.type);
  if (!file.etag.empty()) {
    // Weak: it is the same for the compressed and the uncompressed form (RFC 9110, section 8.8.1).
    const std::string tag = fmt::format("W/\"{}\"", file.etag);
    response.headers.emplace_back("ETag", tag);
    const std::string_view known = request.Header("if-none-match");
    if (known == "*" || known.find(file.etag) != std::string_view::npos) {
      response.status = 304;
      return response;
    }
  }
  if (!file.gzip) {
    response.body = std::move(file.body);
    return response;
  }
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (AcceptsGzip(request.Header("accept-encoding"))) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = std::move(file.body);
    return response;
  }
  Result<std::string> plain = Gunzip(file.body, kMostBytes);
  if (!plain) return DamagedResponse();
  response.body = std::move(*plain);
  return response;
}

HttpResponse Index(const PageFiles& files, const HttpRequest& request) {
  std::optional<PageFile> index = files.Find("index.html");
  if (!index) {
    return Protected({.status = 404,
                      .body = PageAt(request.path, kLeftOut),
                      .content_type = "text/html; charset=utf-8",
                      .headers = {}});
  }
  if (index->gzip) {
    Result<std::string> plain = Gunzip(index->body, kMostBytes);
    if (!plain) return DamagedResponse();
    index->body = std::move(*plain);
    index->gzip = false;
  }
  index->body = PageAt(request.path, std::move(index->body));
  return FileResponse(request, *std::move(index), Caching::kAsk);
}

Route PageRoute(const char* path, const char* summary, HttpHandler handle) {
  return {.method = "GET",
          .path = path,
          .role = Role::kPublic,
          .docs = {.summary = summary,
                   .tag = kPageTag,
                   .answer = {{"type", "string"}},
                   .answer_example = "<!doctype html><html lang=\"en\">",
                   .errors = {404},
                   .answer_types = {"text/html"}},
          .handle = std::move(handle)};
}

}  // namespace

std::vector<Route> PageRoutes(const SharedService&) {
  const auto files = std::make_shared<const PageFiles>(PageFiles::OfEnvironment());
  const HttpHandler index = [files](const SharedRequest& request, const HttpReply& reply) {
    reply(Index(*files, *request));
  };
  const HttpHandler asset = [files](const SharedRequest& request, const HttpReply& reply) {
    std::optional<PageFile> file = files->Find("assets/" + request->parameters.front());
    if (!file) return reply(ErrorResponse(404, "NotFound", "the page has no such file"));
    reply(FileResponse(*request, *std::move(file), Caching::kForever));
  };
  const HttpHandler view = [files, index](const SharedRequest& request, const HttpReply& reply) {
    std::optional<PageFile> file = files->Find(request->parameters.front());
    if (!file) return index(request, reply);
    reply(FileResponse(*request, *std::move(file), Caching::kAsk));
  };
  std::vector<Route> routes = {PageRoute("/ui", "The web page", index),
                               PageRoute("/ui/assets/{file}", "A script, style sheet or picture of the page", asset),
                               PageRoute("/ui/{view}", "A view of the page, or a file such as its icon", view),
                               PageRoute("/ui/{view}/{name}", "A view of the page that shows one thing", index)};
  routes[1].docs.answer_example = "import{c as a}from\"./vue-4f2a.js\";";
  routes[1].docs.answer_types = {"text/javascript", "text/css", "image/svg+xml"};
  return routes;
}

}  // namespace winnow
