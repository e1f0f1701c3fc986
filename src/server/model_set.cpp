#include "server/model_set.h"

namespace winnow {

Result<std::unique_ptr<ModelSet>> ModelSet::Open(const std::vector<std::filesystem::path>& bundles,
                                                 const SchedulerOptions& scheduler) {
  auto set = std::make_unique<ModelSet>();
  for (const auto& bundle : bundles) set->models_.push_back(TRY(ServedModel::Load(bundle, scheduler)));
  return set;
}

void ModelSet::Use(std::string_view spec, const Then& then) const {
  if (spec.empty()) return then(models_.front());
  for (const Model& model : models_) {
    if (spec == model->name() || spec == model->name() + ":" + model->version()) return then(model);
  }
  then(std::unexpected(
      Refusal{.status = 404, .type = "NotFound", .message = "no model has this name; GET /models lists them"}));
}

std::vector<ModelSet::Entry> ModelSet::List() const {
  std::vector<Entry> entries;
  for (const Model& model : models_) entries.push_back({model, model == models_.front()});
  return entries;
}

}  // namespace winnow
