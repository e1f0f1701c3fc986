#include "server/benchmark_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/path_error.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr char kIndex[] = "index.jsonl";

std::string IdOf(const Json& run) {
  const Json* const id = run.is_object() ? run.Find("id") : nullptr;
  return id != nullptr && id->is_string() ? id->str() : "";
}

/// IDs are those of jobs: nothing else is looked for on the disk.
bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::ranges::all_of(id, [](char c) { return IsAsciiDigit(c) || IsAsciiLower(c); });
}

Json ComparedModelJson(const Json& model) {
  Json summary = Json::object();
  for (const char* const key :
       {"name", "kind", "base_model", "f1_macro", "accuracy", "ms_per_text", "size_mb", "error"}) {
    if (const Json* const value = model.Find(key)) summary[key] = *value;
  }
  const Json* const classes = model.Find("per_class");
  if (classes == nullptr || !classes->is_array()) return summary;
  Json f1 = Json::object();
  for (const Json& metrics : *classes) {
    const Json* const label = metrics.Find("label");
    if (label != nullptr && label->is_string()) f1[label->str()] = metrics["f1"];
  }
  summary["per_class"] = std::move(f1);
  return summary;
}

Error NotThere(const std::string& id) {
  return {ErrorCode::kNotFound, fmt::format("there is no benchmark '{}'", id), ""};
}

}  // namespace

Json BenchmarkHistory::Summary(const std::string& id, const Json& comparison) {
  Json models = Json::array();
  if (const Json* const compared = comparison.Find("models"); compared != nullptr && compared->is_array()) {
    for (const Json& model : *compared) models.push_back(ComparedModelJson(model));
  }
  const auto text = [&](const char* key) {
    const Json* const value = comparison.Find(key);
    return value != nullptr && value->is_string() ? value->str() : std::string();
  };
  return {{"id", id},
          {"time", text("timestamp")},
          {"data", fs::path(text("data")).filename().string()},
          {"part", text("part").empty() ? Json() : Json(text("part"))},
          {"models", std::move(models)}};
}

Result<std::shared_ptr<BenchmarkHistory>> BenchmarkHistory::Open(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return std::unexpected(PathError(directory, error));
  std::shared_ptr<BenchmarkHistory> history(new BenchmarkHistory(directory));
  const MutexLock lock(history->mutex_);
  TRY(history->ReadIndex());
  return history;
}

Result<void> BenchmarkHistory::ReadIndex() {
  std::vector<Json> runs;
  std::set<std::string> removed, known;
  const Result<std::string> text = ReadFile(directory_ / kIndex);
  if (!text && text.error().code != ErrorCode::kNotFound) return std::unexpected(text.error());
  for (const std::string& line : text ? Lines(*text) : std::vector<std::string>()) {
    Result<Json> run = ParseJson(line, kIndex);
    const std::string id = run ? IdOf(*run) : "";
    if (id.empty()) continue;  // a line that a full disk has cut off
    if (run->contains("removed")) {
      removed.insert(id);
    } else if (known.insert(id).second) {
      runs.push_back(*std::move(run));
    }
  }
  for (Json& run : runs) {
    if (!removed.contains(IdOf(run))) runs_.push_back(std::move(run));
  }
  // A server that was killed between the two files of a run.
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string id = entry->path().stem().string();
    if (entry->path().extension() != ".json" || !IsId(id) || known.contains(id)) continue;
    const Result<std::string> whole = ReadFile(entry->path());
    const Result<Json> comparison = whole ? ParseJson(*whole, id) : std::unexpected(whole.error());
    if (!comparison || !comparison->is_object()) continue;
    runs_.push_back(Summary(id, *comparison));
    TRY(AppendLine(directory_ / kIndex, DumpJsonLine(runs_.back())));
  }
  return {};
}

bool BenchmarkHistory::Has(const std::string& id) const {
  return std::ranges::any_of(runs_, [&](const Json& run) { return IdOf(run) == id; });
}

Result<void> BenchmarkHistory::Keep(const std::string& id, const Json& comparison) {
  const MutexLock lock(mutex_);
  if (Has(id)) return {};
  TRY(WriteFileAtomically(directory_ / (id + ".json"), comparison.dump() + "\n"));
  Json summary = Summary(id, comparison);
  TRY(AppendLine(directory_ / kIndex, DumpJsonLine(summary)));
  runs_.push_back(std::move(summary));
  return {};
}

Json BenchmarkHistory::List(const std::string& before, size_t limit) const {
  const MutexLock lock(mutex_);
  Json list = Json::array();
  auto run = runs_.rbegin();
  if (!before.empty()) {
    run = std::find_if(runs_.rbegin(), runs_.rend(), [&](const Json& each) { return IdOf(each) == before; });
    if (run != runs_.rend()) ++run;
  }
  for (; run != runs_.rend() && list.size() < limit; ++run) list.push_back(*run);
  const Json next = run == runs_.rend() || list.empty() ? Json() : Json(IdOf(list.back()));
  return {{"runs", std::move(list)}, {"next", next}};
}

Result<Json> BenchmarkHistory::Read(const std::string& id) const {
  {
    const MutexLock lock(mutex_);
    if (!IsId(id) || !Has(id)) return std::unexpected(NotThere(id));
  }
  const std::string text = TRY(ReadFile(directory_ / (id + ".json")));
  Json comparison = TRY(ParseJson(text, "benchmark " + id));
  Json run = Summary(id, comparison);
  run["comparison"] = std::move(comparison);
  return run;
}

Result<void> BenchmarkHistory::Remove(const std::string& id) {
  const MutexLock lock(mutex_);
  if (!IsId(id) || !Has(id)) return std::unexpected(NotThere(id));
  TRY(AppendLine(directory_ / kIndex, DumpJsonLine({{"id", id}, {"removed", true}})));
  std::error_code error;
  fs::remove(directory_ / (id + ".json"), error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("benchmark {}: {}", id, error.message()));
  std::erase_if(runs_, [&](const Json& run) { return IdOf(run) == id; });
  return {};
}

}  // namespace winnow
