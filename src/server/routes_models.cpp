#include "server/service.h"

namespace winnow {
namespace {

using Json = nlohmann::ordered_json;

HttpResponse ListModels(const ModelSet& models) {
  Json list = Json::array();
  for (const auto& [model, is_default] : models.List()) {
    list.push_back({{"name", model->name()},
                    {"version", model->version()},
                    {"kind", model->classifier().manifest().kind},
                    {"weights", model->classifier().weights()},
                    {"labels", model->classifier().labels()},
                    {"default", is_default}});
  }
  return JsonResponse({{"models", list}});
}

}  // namespace

std::vector<Route> ModelRoutes(const SharedService& service) {
  return {{.method = "GET",
           .path = "/models",
           .docs = {.summary = "All models", .tag = "Models"},
           .handle = [service](const SharedRequest&, const HttpReply& reply) { reply(ListModels(*service->models)); }}};
}

}  // namespace winnow
