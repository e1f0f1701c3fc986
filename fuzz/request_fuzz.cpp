// Any bytes as what arrives on a connection: read in two ways of cutting them, with the same outcome.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/host_name.h"
#include "server/request_reader.h"

namespace {

struct Outcome {
  bool done = false;
  int status = 0;
  std::string body;
  size_t consumed = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome ReadInSteps(std::string_view bytes, size_t step) {
  winnow::RequestReader reader({.max_header_bytes = 2048, .max_body_bytes = 4096});
  Outcome outcome;
  std::string buffer;
  std::shared_ptr<winnow::HttpRequest> request;
  size_t given = 0;
  while (!reader.error() && !reader.done()) {
    if (reader.header_done() && !request) {
      request = reader.TakeHeader("192.0.2.1");
      reader.ReadBody({});
    }
    const size_t consumed = reader.Read(buffer);
    if (consumed > buffer.size()) std::abort();
    buffer.erase(0, consumed);
    outcome.consumed += consumed;
    if (consumed > 0 || reader.error() || reader.done()) continue;
    if (given == bytes.size()) {
      reader.End();
      continue;
    }
    const size_t count = std::min(step, bytes.size() - given);
    buffer += bytes.substr(given, count);
    given += count;
  }
  if (reader.done()) {
    if (!request) request = reader.TakeHeader("192.0.2.1");
    reader.TakeBody(*request);
    outcome.done = true;
    outcome.body = request->body;
    // What was read is a request that names one host.
    if (!winnow::ParseHost(request->Header("host"))) std::abort();
  } else {
    outcome.status = reader.error()->status;
    outcome.consumed = 0;  // how much of a bad request was looked at is nobody's business
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = ReadInSteps(bytes, size);
  const Outcome cut = ReadInSteps(bytes, 1 + data[size - 1] % 16);
  // A header that is too large may be refused before or after another fault in it is seen.
  if (whole.done != cut.done || (whole.done && whole != cut)) std::abort();
  return 0;
}
