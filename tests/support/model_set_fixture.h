/// Sets of tiny models, asked and told what to do from a test's own thread.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "server/model_set.h"
#include "support/temporary_directory.h"
#include "support/tiny_linear.h"

namespace winnow {

using Found = ApiResult<ModelSet::Model>;

inline Found Use(ModelSet& set, std::string_view spec) {
  std::promise<Found> promise;
  set.Use(spec, [&](Found found) { promise.set_value(std::move(found)); });
  return promise.get_future().get();
}

inline Found Switch(ModelSet& set, std::string_view spec) {
  std::promise<Found> promise;
  set.Switch(spec, [&](Found found) { promise.set_value(std::move(found)); });
  return promise.get_future().get();
}

inline int StatusOf(const std::function<void(ModelSet::Done)>& call) {
  std::promise<int> promise;
  call([&](const ApiResult<void>& done) { promise.set_value(done ? 200 : done.error().status); });
  return promise.get_future().get();
}

inline int Load(ModelSet& set, std::string_view spec) {
  return StatusOf([&](const ModelSet::Done& done) { set.Load(spec, done); });
}

inline int Unload(ModelSet& set, std::string_view spec) {
  return StatusOf([&](const ModelSet::Done& done) { set.Unload(spec, done); });
}

inline void Reload(ModelSet& set) {
  std::promise<void> promise;
  set.Reload([&] { promise.set_value(); });
  promise.get_future().get();
}

/// Of "spam", for some text; below 0 where there is no model.
inline double Score(const Found& model, size_t texts = 1) {
  if (!model) return -1;
  std::promise<double> promise;
  (*model)->Classify({.texts = std::vector<InputText>(texts, "a prize")}, [&](const auto& results, const auto&) {
    promise.set_value(results && results->size() == texts ? results->back().probabilities[1] : -2);
  });
  return promise.get_future().get();
}

inline double Score(ModelSet& set, std::string_view spec) { return Score(Use(set, spec)); }

inline std::string NameOf(const Found& model) {
  return model ? (*model)->name() + ":" + (*model)->version() : std::to_string(model.error().status);
}

class ModelSetTest : public testing::Test {
 protected:
  std::filesystem::path Path(const std::string& name) const { return dir_.path() / name; }
  void Write(const std::string& directory, const std::string& name, const std::string& version, double spam) const {
    WriteTinyLinear(Path(directory), name, version, spam);
  }
  void Break(const std::string& directory) const {
    ASSERT_TRUE(WriteFileAtomically(Path(directory) / kLinearFile, "no model"));
  }
  std::unique_ptr<ModelSet> Open(const std::vector<std::string>& directories, ModelSetOptions options = {}) const {
    std::vector<std::filesystem::path> roots;
    for (const std::string& directory : directories) roots.push_back(Path(directory));
    options.scheduler.workers = 1;
    options.scheduler.max_wait = std::chrono::milliseconds(0);  // a slow machine refuses nothing
    options.retry_after = std::chrono::milliseconds(0);
    auto set = ModelSet::Open(roots, options);
    EXPECT_TRUE(set) << set.error().Text();
    return set ? *std::move(set) : nullptr;
  }
  static std::map<std::string, ModelSet::Entry> ByDirectory(const ModelSet& set) {
    std::map<std::string, ModelSet::Entry> entries;
    for (ModelSet::Entry& entry : set.List()) entries[entry.directory] = entry;
    return entries;
  }

  const TemporaryDirectory dir_;
};

}  // namespace winnow
