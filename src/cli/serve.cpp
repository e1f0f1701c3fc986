#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "server/http_server.h"
#include "server/service.h"

namespace winnow {
namespace {

struct ServeOptions : CommonOptions {
  std::vector<std::filesystem::path> bundles;
  std::string host = "127.0.0.1";
  int port = 8080;
  int64_t max_batch_tokens = 2048;
  int64_t max_queued_texts = 8192;
  int max_batch_delay_us = 0;
};

void Describe(ServeOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundles, "Directories of models; the first answers where none is named")
      .ValueName("BUNDLE")
      .Required();
  table.Group("Where");
  table.Add("host", &options.host, "Address to listen at; 0.0.0.0 for all of this machine's").ValueName("ADDRESS");
  table.Add("port", &options.port, "Port to listen at; 0 takes a free one, and says which").Range(0, 65535);
  table.Group("Batches");
  table.Add("max-batch-tokens", &options.max_batch_tokens, "Tokens that are computed together, at most").AtLeast(1);
  table.Add("max-batch-delay", &options.max_batch_delay_us, "Microseconds to wait for a batch to fill").Range(0, 1e6);
  table.Add("max-queue", &options.max_queued_texts, "Texts that may wait; more are refused at once, with status 429")
      .AtLeast(1);
  table.Example("winnow serve spam", "answers at http://127.0.0.1:8080/v1/classify");
}

Result<void> Run(const ServeOptions& options) {
  HandleInterrupts();
  const SchedulerOptions scheduler{.workers = options.threads,
                                   .max_batch_tokens = static_cast<size_t>(options.max_batch_tokens),
                                   .max_queued_texts = static_cast<size_t>(options.max_queued_texts),
                                   .max_batch_delay = std::chrono::microseconds(options.max_batch_delay_us)};
  auto service = std::make_shared<Service>();
  service->models = TRY(ModelSet::Open(options.bundles, scheduler));
  const auto table = std::make_shared<const RouteTable>(ServiceRoutes(service));
  HttpServer server =
      TRY(HttpServer::Start(Routed(table), {.host = options.host, .port = static_cast<uint16_t>(options.port)}));
  LogInfo("answers at http://{}:{}/v1/classify", options.host, server.port());
  if (options.json) {
    TRY(Print(fmt::format("{{\"port\":{}}}\n", server.port())));
    std::fflush(stdout);  // whoever started the server waits for it
  }
  while (!Interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  LogInfo("stopping: what was asked is answered first");
  server.Stop();
  return {};
}

}  // namespace

Command ServeCommand() {
  return MakeCommand<ServeOptions>("serve", "Answers over HTTP, with one model or several.", Describe, Run);
}

}  // namespace winnow
