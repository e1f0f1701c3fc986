/// Texts in requests: strings; lists of the segments of one text; rows, from whose fields the model's template makes a
/// text, as in training.
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

/// The texts of a request, before its model is known.
struct RequestTexts {
  std::vector<InputText> texts;               ///< texts in UTF-8; an empty one for each row
  std::vector<std::pair<size_t, Json>> rows;  ///< index of a text that is a row, and the fields of the row
};

/// Reads one text, which errors call `name`. Errors: 422; 413 for a text that is too long.
ApiResult<RequestTexts> ReadText(const Json& value, std::string_view name, const ServiceLimits& limits);
/// Reads a list of texts. Errors: those of ReadText.
ApiResult<RequestTexts> ReadTexts(const Json& value, std::string_view name, const ServiceLimits& limits);

/// Turns the rows into texts. Errors: 422 for rows if the model has no template, a row has none of its fields, or one
/// is misspelt, and for more segments than the model reads: the number in its template; 413 for a text that is too
/// long. If `pairs` is true, two segments are a pair to every model.
ApiResult<void> FitToModel(RequestTexts& texts, const BundleClassifier& classifier, const ServiceLimits& limits,
                           bool pairs);

}  // namespace winnow
