/// Texts as requests give them: strings; lists of the segments of one text; rows, whose fields the model's template
/// makes a text of, as in training.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "classify/bundle_classifier.h"
#include "server/json_request.h"
#include "server/refusal.h"
#include "text/input_text.h"

namespace winnow {

/// Not of any model yet: what is known once the request is read.
struct RequestTexts {
  std::vector<InputText> texts;               ///< UTF-8; an empty one for each row
  std::vector<std::pair<size_t, Json>> rows;  ///< which text it is, and its fields
};

/// One text, named `name` in errors. Refusals: 422; 413 of what is too long.
std::expected<RequestTexts, Refusal> ReadText(const Json& value, std::string_view name, const ServiceLimits& limits);
/// A list of them.
std::expected<RequestTexts, Refusal> ReadTexts(const Json& value, std::string_view name, const ServiceLimits& limits);

/// Rows become texts. Refusals: 422 of rows for a model without a template, or without a field of it; and of more
/// segments than the model reads: as many as its template has, two at least.
std::expected<void, Refusal> FitToModel(RequestTexts& texts, const BundleClassifier& classifier,
                                        const ServiceLimits& limits);

}  // namespace winnow
