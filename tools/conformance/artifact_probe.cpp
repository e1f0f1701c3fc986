// Calls an artifact store, for tests against servers that nobody here wrote (artifacts.py):
//
//   artifact_probe URL put KEY FILE [DIGEST]   stores FILE, with the digest that it has, unless another one is given
//   artifact_probe URL get KEY FILE DIGEST
//   artifact_probe URL list [PREFIX]       prints "BYTES KEY" per file
//   artifact_probe URL remove KEY
//
// Commands that follow "--" are called in turn on the same store, so that they share its connections and credentials.
// Requests are logged, and "done: put KEY" after each call. Exits with 1 after an error, which it prints with the
// number of its code.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "artifacts/artifact_store.h"
#include "base/hash.h"
#include "base/log.h"

namespace {

using winnow::ArtifactStore;
using winnow::Result;

Result<void> Run(ArtifactStore& store, const std::vector<std::string>& words) {
  const std::string& command = words[0];
  if (command == "put" && words.size() == 3) return store.Put(words[1], words[2], TRY(winnow::Sha256OfFile(words[2])));
  if (command == "put" && words.size() == 4) return store.Put(words[1], words[2], words[3]);
  if (command == "get" && words.size() == 4) return store.Get(words[1], words[2], words[3]);
  if (command == "remove" && words.size() == 2) return store.Remove(words[1]);
  if (command == "list" && words.size() <= 2) {
    const auto entries = TRY(store.List(words.size() == 2 ? words[1] : ""));
    for (const winnow::ArtifactEntry& entry : entries)
      std::fputs(fmt::format("{} {}\n", entry.bytes, entry.key).c_str(), stdout);
    return {};
  }
  return winnow::Fail(winnow::ErrorCode::kInvalidArgument, "unknown command " + command);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2) return 2;
  winnow::SetUpLogging({winnow::LogLevel::kDebug, winnow::LogFormat::kText});
  winnow::ArtifactOptions options;
  options.http.backoff = std::chrono::milliseconds(20);
  options.http.stall_timeout = std::chrono::milliseconds(1000);
  // Stops after so many bytes of a file, as Ctrl-C would.
  const char* const stop = std::getenv("PROBE_STOP_AFTER");
  const unsigned long long limit = stop == nullptr ? 0 : std::strtoull(stop, nullptr, 10);
  options.progress = [limit](std::string_view, uint64_t done, uint64_t) { return limit == 0 || done < limit; };
  if (const char* const connections = std::getenv("PROBE_CONNECTIONS")) options.connections = std::atoi(connections);
  const auto failed = [](const winnow::Error& error) {
    std::fputs(fmt::format("error {}: {}\n", static_cast<int>(error.code), error.Text()).c_str(), stdout);
    return 1;
  };
  const auto store = ArtifactStore::Open(words[0], options);
  if (!store) return failed(store.error());
  for (size_t begin = 1; begin < words.size();) {
    size_t end = begin;
    while (end < words.size() && words[end] != "--") ++end;
    const std::vector<std::string> call(words.begin() + static_cast<ptrdiff_t>(begin),
                                        words.begin() + static_cast<ptrdiff_t>(end));
    if (const auto result = Run(**store, call); !result) return failed(result.error());
    winnow::LogInfo("done: {} {}", call[0], call.size() > 1 ? call[1] : "");
    begin = end + 1;
  }
  return 0;
}
