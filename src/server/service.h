/// The routes of a server that answers with models.
#pragma once

#include <memory>
#include <vector>

#include "server/http.h"
#include "server/served_model.h"

namespace winnow {

struct ServiceLimits {
  size_t max_texts = 10000;         ///< of one request
  size_t max_text_bytes = 1 << 20;  ///< of one text
  int max_json_depth = 32;
};

/// /health, /ready, /info, /models, /predict, /v1/classify. Handlers share the models; the first is the default.
std::vector<Route> ServiceRoutes(std::vector<std::shared_ptr<ServedModel>> models, const ServiceLimits& limits = {});

}  // namespace winnow
