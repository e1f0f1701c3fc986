// Any bytes as what a server keeps and reads again later: jobs and their events, experiments, backups ("===
// backup.json" begins a file); and as the answer of another server.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "backup/backup.h"
#include "base/json.h"
#include "client/read_explanation.h"
#include "experiment/experiment.h"
#include "experiment/experiment_step.h"
#include "input_files.h"
#include "jobs/job.h"
#include "jobs/job_files.h"

namespace {

void ReadJson(std::string_view text) {
  winnow::ExperimentRecord record;
  record.plan = record.state = text;
  static_cast<void>(winnow::ReadExperiment(record));
  static_cast<void>(winnow::ParseRamp(text));
  static_cast<void>(winnow::ParseHold(text));
  const auto json = winnow::ParseJson(text, "fuzz");
  if (!json) return;
  // One document with both, as the input cannot be the same twice.
  if (json->is_object() && json->Find("plan") != nullptr && json->Find("state") != nullptr) {
    record.plan = winnow::DumpJsonLine(*json->Find("plan"));
    record.state = winnow::DumpJsonLine(*json->Find("state"));
    if (const auto read = winnow::ReadExperiment(record)) {
      record.plan = winnow::DumpJsonLine(winnow::ToJson(read->plan));
      record.state = winnow::DumpJsonLine(winnow::ToJson(read->state));
      if (!winnow::ReadExperiment(record)) std::abort();
    }
  }
  if (const auto counters = winnow::CountersFromJson(*json)) {
    if (!winnow::CountersFromJson(winnow::ToJson(*counters))) std::abort();
  }
  if (const auto job = winnow::JobOfJson(*json)) {
    const auto again = winnow::JobOfJson(winnow::JobJson(*job));
    if (!again || again->id != job->id || again->state != job->state || again->runs != job->runs) std::abort();
  }
  if (const auto explanation = winnow::ReadExplanation(*json, "win a prize")) {
    for (const auto& word : explanation->words) {
      if (word.begin > word.end || word.end > 11) std::abort();
    }
  }
}

void ReadDirectories(std::string_view input) {
  static const winnow::MemoryDirectory kDirectory;
  constexpr std::string_view kNames[] = {"backup.json", "store/s.sqlite", "files/rules.toml",
                                         "registry/registry.sqlite", "workspace/data/a.csv"};
  kDirectory.Clear();
  kDirectory.Write("jobs/0123456789abcdef/events.jsonl", input);
  kDirectory.Write("jobs/0123456789abcdef/job.json", input);
  static_cast<void>(winnow::ReadJobs(kDirectory.path() / "jobs"));
  int64_t last = 0;
  if (const auto events = winnow::ReadEvents(kDirectory.path() / "jobs", "0123456789abcdef", 0, 100)) {
    for (const winnow::JobEvent& event : *events) {
      if (event.id <= last) std::abort();
      last = event.id;
    }
  }
  winnow::ForEachInputFile(input, [&](std::string_view name, std::string_view contents) {
    if (std::ranges::find(kNames, name) != std::end(kNames))
      kDirectory.Write("backup" / std::filesystem::path(name), contents);
  });
  const std::filesystem::path backup = kDirectory.path() / "backup";
  if (!winnow::VerifyBackup(backup)) return;
  const std::filesystem::path target = kDirectory.path() / "restored";
  static_cast<void>(winnow::Restore({.backup = backup,
                                     .store = (target / "store.sqlite").string(),
                                     .registry = (target / "registry").string(),
                                     .workspace = target / "workspace",
                                     .files = target / "files"}));
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory.path())) {
    const std::string name = entry.path().filename();
    if (name != "backup" && name != "jobs" && name != "restored") std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadJson(text);
  ReadDirectories(text);
  return 0;
}
