/// The models that a server answers with, by name, version and alias.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/json_request.h"
#include "server/served_model.h"

namespace winnow {

/// Thread-safe.
class ModelSet {
 public:
  using Model = std::shared_ptr<const ServedModel>;
  /// Called once, here or on another thread, with a model or why there is none: 404 of an unknown name, 503 of one that
  /// could not be loaded.
  using Then = std::function<void(std::expected<Model, Refusal>)>;

  static Result<std::unique_ptr<ModelSet>> Open(const std::vector<std::filesystem::path>& bundles,
                                                const SchedulerOptions& scheduler);

  /// `spec`: "" for the default, "spam", "spam:1.2.0", "spam@champion".
  void Use(std::string_view spec, const Then& then) const;

  struct Entry {
    Model model;
    bool is_default = false;
  };
  std::vector<Entry> List() const;

 private:
  std::vector<Model> models_;
};

}  // namespace winnow
