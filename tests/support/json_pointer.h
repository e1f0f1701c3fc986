/// Values within a JSON document by their path, as RFC 6901 writes it: "/inputs/0/shape".
#pragma once

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace winnow {

/// The value at `pointer`; null where there is none.
inline const Json* FindByPointer(const Json& json, std::string_view pointer) {
  const Json* at = &json;
  while (at != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view key = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(key.size());
    if (at->is_array()) {
      size_t index = 0;
      std::from_chars(key.data(), key.data() + key.size(), index);
      at = index < at->size() ? &at->at(index) : nullptr;
    } else {
      std::string name;  // "~1" stands for a slash, "~0" for a tilde
      for (size_t i = 0; i < key.size(); ++i) name += key[i] != '~' ? key[i] : key[++i] == '1' ? '/' : '~';
      at = at->Find(name);
    }
  }
  return at;
}

/// Sets the value at `pointer`; objects on the way that are not there are made.
inline void SetByPointer(Json& json, std::string_view pointer, const Json& value) {
  const size_t last = pointer.rfind('/');
  const std::string_view parent = pointer.substr(0, last), key = pointer.substr(last + 1);
  if (FindByPointer(json, parent) == nullptr) SetByPointer(json, parent, Json::object());
  auto& at = const_cast<Json&>(*FindByPointer(json, parent));
  if (at.is_array()) {
    const size_t index = std::stoul(std::string(key));
    while (at.size() <= index) at.push_back(nullptr);
    at[index] = value;
  } else {
    at[key] = value;
  }
}

}  // namespace winnow
