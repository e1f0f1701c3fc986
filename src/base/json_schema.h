/// Parts of JSON schemas.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace winnow {

inline Json StringsSchema(const char* description) {
  return {{"type", "array"}, {"items", {{"type", "string"}}}, {"description", description}};
}

/// Returns the schema of an object that has all of these properties, except perhaps the optional ones.
inline Json ObjectSchema(Json properties, const std::vector<std::string>& optional = {}) {
  Json required = Json::array();
  for (const auto& [name, schema] : properties.items()) {
    if (std::ranges::find(optional, name) == optional.end()) required.push_back(name);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

}  // namespace winnow
