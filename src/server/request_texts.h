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
#include "server/api_error.h"
#include "server/json_request.h"
#include "text/input_text.h"

namespace winnow {

/// Not of any model yet: what is known once the request is read.
struct RequestTexts {
  std::vector<InputText> texts;               ///< UTF-8; an empty one for each row
  std::vector<std::pair<size_t, Json>> rows;  ///< which text it is, and its fields
};

/// One text, named `name` in errors. Errors: 422; 413 of what is too long.
ApiResult<RequestTexts> ReadText(const Json& value, std::string_view name, const ServiceLimits& limits);
/// A list of them.
ApiResult<RequestTexts> ReadTexts(const Json& value, std::string_view name, const ServiceLimits& limits);

/// Rows become texts. Errors: 422 of rows for a model without a template, or without a field of it; and of more
/// segments than the model reads: as many as its template has, two at least.
ApiResult<void> FitToModel(RequestTexts& texts, const BundleClassifier& classifier, const ServiceLimits& limits);

}  // namespace winnow
