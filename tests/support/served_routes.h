/// A server that listens nowhere: a random transformer "spam" and a linear model "words", asked directly.
/// It filters messages, with a store.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bundle/labels.h"
#include "linear/train_linear.h"
#include "server/server.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {

class ServedRoutes {
 public:
  /// `text_template`: the transformer's.
  explicit ServedRoutes(ServiceLimits limits = {}, const std::string& text_template = "") {
    WriteTransformer(text_template);
    WriteLinear();
    ServerOptions options;
    options.bundles = {dir_.path() / "spam", dir_.path() / "words"};
    options.models.scheduler.workers = 1;
    options.models.scheduler.now = [] { return std::chrono::steady_clock::time_point(); };  // a slow machine is quick
    options.http.host = "";
    options.http.threads = 1;
    options.limits = limits;
    options.cache_bytes = 0;
    options.filter.enabled = true;
    options.filter.store = store();
    options.filter.spool = dir_.path() / "spool";
    constexpr std::chrono::minutes kLongest(5);  // a verdict waits for a store on a slow machine
    options.filter.known.store.limits = {.statement = kLongest, .lock = kLongest, .connect = kLongest};
    options.jobs.workspace = dir_.path() / "workspace";
    options.jobs.program = {"false"};  // no test starts a job
    server_ = Server::Start(std::move(options)).value();
  }
  ServedRoutes(const ServedRoutes&) = delete;
  ServedRoutes& operator=(const ServedRoutes&) = delete;

  HttpResponse Ask(std::string method, std::string path, std::string body = "",
                   std::vector<std::pair<std::string, std::string>> headers = {}) const {
    const auto request = std::make_shared<HttpRequest>();
    request->method = std::move(method);
    const size_t query = std::min(path.find('?'), path.size());
    request->query = path.substr(std::min(query + 1, path.size()));
    request->path = path.substr(0, query);
    request->body = std::move(body);
    request->headers = std::move(headers);
    request->id = "the-id";
    const auto promise = std::make_shared<std::promise<HttpResponse>>();
    std::future<HttpResponse> answer = promise->get_future();
    server_->Answer(request, [promise](HttpResponse response) { promise->set_value(std::move(response)); });
    return answer.get();
  }
  Json AskJson(const std::string& method, const std::string& path, const std::string& body = "") const {
    return ParsedJson(Ask(method, path, body).body);
  }

  std::string store() const { return (dir_.path() / "store.db").string(); }
  const RouteTable& table() const { return server_->routes(); }
  std::shared_ptr<const ServedModel> Served(std::string_view name) const {
    std::shared_ptr<const ServedModel> model;
    server_->models().Use(name, [&](const auto& used) { model = used.value(); });
    return model;
  }

 private:
  static std::vector<std::string> Texts() {
    return {"win a prize now", "see you at six", "call me later", "free money"};
  }

  void WriteTransformer(const std::string& text_template) {
    const auto dir = dir_.path() / "spam";
    std::filesystem::create_directory(dir);
    const Model model = Model::Fresh(WriteTinyTokenizer(Texts(), dir), 3);
    EXPECT_TRUE(model.Save(dir));
    Manifest manifest;
    manifest.name = "spam";
    manifest.max_length = kTinyMaxLength;
    manifest.positive_label = "spam";
    manifest.temperature = 2;
    manifest.text_template = text_template;
    EXPECT_TRUE(SealBundle(dir, manifest));
  }

  void WriteLinear() {
    const auto dir = dir_.path() / "words";
    std::filesystem::create_directory(dir);
    const std::vector<std::string> texts = Texts();
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    ThreadPool pool(1);
    const std::vector<std::vector<int32_t>> truth = {{1}, {0}, {0}, {1}};
    EXPECT_TRUE(TrainLinear(views, {.ids = truth, .labels = 2}, {}, pool).value().Save(dir / kLinearFile));
    EXPECT_TRUE(WriteLabelsFile(dir / kLabelsFile, std::vector<std::string>{"ham", "spam"}));
    Manifest manifest;
    manifest.name = "words";
    manifest.kind = "lr";
    manifest.positive_label = "spam";
    EXPECT_TRUE(SealBundle(dir, manifest));
  }

  const TemporaryDirectory dir_;
  std::unique_ptr<Server> server_;
};

/// The server with default limits that test files of a program share, which takes a second to start. What a test stores
/// in it, others find.
inline const ServedRoutes& DefaultRoutes() {
  static const ServedRoutes routes;
  return routes;
}

}  // namespace winnow
