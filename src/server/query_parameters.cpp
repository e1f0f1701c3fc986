#include "server/query_parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parse_number.h"
#include "base/percent_encoding.h"
#include "base/suggest.h"
#include "text/utf8.h"

namespace winnow {
namespace {

std::optional<std::string> Decoded(std::string_view part) {
  std::string spaced(part);
  std::ranges::replace(spaced, '+', ' ');
  std::optional<std::string> decoded = PercentDecoded(spaced);
  if (!decoded) return std::nullopt;
  std::string valid;
  for (size_t i = 0; i < decoded->size();) AppendUtf8(NextCodePoint(*decoded, i), valid);
  return valid == *decoded ? decoded : std::nullopt;
}

}  // namespace

ApiResult<QueryParameters> QueryParameters::Read(const HttpRequest& request, const Json& schema) {
  QueryParameters parameters;
  std::string_view query = request.query;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const size_t sign = std::min(part.find('='), part.size());
    const auto name = Decoded(part.substr(0, sign)), value = Decoded(part.substr(std::min(sign + 1, part.size())));
    if (!name || !value) return Reject("the query of the URL is not valid percent-encoded UTF-8");
    if (!schema.at("properties").contains(*name)) {
      std::vector<std::string> known;
      for (const auto& [property, of] : schema.at("properties").items()) known.push_back(property);
      return Reject("the query of the URL has an unknown parameter; " +
                    DidYouMean(*name, known, fmt::format("the parameters are '{}'", fmt::join(known, "', '"))));
    }
    if (!parameters.values_.emplace(*name, *value).second) {
      return Reject(fmt::format("the parameter '{}' occurs twice in the query of the URL", *name));
    }
  }
  return parameters;
}

std::optional<std::string> QueryParameters::Text(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
}

ApiResult<std::optional<double>> QueryParameters::Number(const std::string& name) const {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  const std::optional<double> value = ParseNumber<double>(*text);
  if (!value || !std::isfinite(*value)) return Reject(fmt::format("'{}' must be a number", name));
  return value;
}

ApiResult<std::optional<bool>> QueryParameters::Flag(const std::string& name) const {
  const std::optional<std::string> text = Text(name);
  if (!text) return std::nullopt;
  if (*text != "true" && *text != "false") return Reject(fmt::format("'{}' must be true or false", name));
  return *text == "true";
}

ApiResult<int64_t> QueryParameters::Integer(const std::string& name, int64_t otherwise, int64_t least,
                                            int64_t most) const {
  const std::optional<std::string> text = Text(name);
  if (!text) return otherwise;
  const std::optional<int64_t> value = ParseNumber<int64_t>(*text);
  if (!value || *value < least || *value > most) {
    return Reject(fmt::format("'{}' must be a whole number from {} to {}", name, least, most));
  }
  return *value;
}

}  // namespace winnow
