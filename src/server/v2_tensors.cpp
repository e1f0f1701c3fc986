#include "server/v2_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/parse_number.h"
#include "classify/prediction_json.h"
#include "server/decision_fields.h"

namespace winnow {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are little-endian");

constexpr char kInput[] = "text";
constexpr int64_t kMostElements = int64_t{1} << 53;  // that a number in JSON tells exactly
constexpr int64_t kMostMicroseconds = int64_t{3600} * 1000000;

/// The bytes of the body contradict its JSON.
std::unexpected<ApiError> Broken(std::string message) { return Reject(400, "Validation", std::move(message)); }

/// An element's "parameters", or an empty object.
ApiResult<Json> ParametersOf(const Json& of) {
  const Json* const parameters = FindField(of, "parameters");
  if (parameters == nullptr) return Json::object();
  if (!parameters->is_object()) return Reject("'parameters' must be an object");
  return *parameters;
}

/// Returns the number of texts of an input with the shape [n] or [n, 1].
ApiResult<size_t> CountOf(const Json& input, const ServiceLimits& limits) {
  const Json* const shape = FindField(input, "shape");
  if (shape == nullptr || !shape->is_array() || shape->empty() || shape->size() > 2) {
    return Reject("'shape' of the input must be [n] or [n, 1]");
  }
  const auto count = WholeNumber(shape->front(), 0, kMostElements);
  if (!count || (shape->size() == 2 && WholeNumber(shape->back(), 1, 1) != 1)) {
    return Reject("'shape' of the input must be [n] or [n, 1]");
  }
  if (static_cast<uint64_t>(*count) > limits.max_texts) {
    return Reject(413, "TooLarge", fmt::format("'shape' has more than {} texts", limits.max_texts));
  }
  return static_cast<size_t>(*count);
}

/// "data", flat or as the shape has it.
ApiResult<std::vector<std::string>> TextsOfData(const Json& data, size_t count, const ServiceLimits& limits) {
  if (!data.is_array()) return Reject("'data' must be a list of strings");
  if (data.size() != count) return Reject("the number of texts in 'data' does not match 'shape'");
  std::vector<std::string> texts;
  for (const Json& each : data) {
    texts.push_back(TRY(TextOf(each.is_array() && each.size() == 1 ? each[0] : each, "data", limits)));
  }
  return texts;
}

/// Elements of BYTES, all of `bytes`.
ApiResult<std::vector<std::string>> TextsOfBytes(std::string_view bytes, size_t count, const ServiceLimits& limits) {
  std::vector<std::string> texts;
  while (!bytes.empty()) {
    uint32_t length = 0;
    if (bytes.size() < sizeof(length))
      return Broken("the binary data are truncated: they end within the length prefix of an element");
    std::memcpy(&length, bytes.data(), sizeof(length));
    bytes.remove_prefix(sizeof(length));
    if (length > bytes.size()) return Broken("an element of the binary data is longer than the remaining bytes");
    if (length > limits.max_text_bytes) return TooLong(kInput, limits);
    if (texts.size() == count) return Broken("the binary data have more texts than 'shape'");
    texts.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (texts.size() != count) return Broken("the binary data have fewer texts than 'shape'");
  return texts;
}

/// The one input. `binary` is what lies behind the JSON.
ApiResult<std::vector<std::string>> ReadInput(const Json& body, std::string_view binary, const ServiceLimits& limits) {
  const Json* const inputs = FindField(body, "inputs");
  if (inputs == nullptr || !inputs->is_array() || inputs->size() != 1 || !(*inputs)[0].is_object()) {
    return Reject("'inputs' must contain exactly one tensor, 'text'");
  }
  const Json& input = (*inputs)[0];
  const std::string name = TRY(StringOr(input, "name", ""));
  if (name != kInput) return Reject("the model's only input is 'text'");
  const std::string datatype = TRY(StringOr(input, "datatype", ""));
  if (datatype != "BYTES") return Reject("'datatype' of 'text' must be BYTES");
  const size_t count = TRY(CountOf(input, limits));
  const Json parameters = TRY(ParametersOf(input));
  if (FindField(parameters, "shared_memory_region") != nullptr) {
    return Reject("shared memory is not supported: send the text in the request");
  }
  const Json* const size = FindField(parameters, "binary_data_size");
  const Json* const data = FindField(input, "data");
  if (size == nullptr) {
    if (!binary.empty())
      return Broken("the body has binary data after the JSON, but no input has a 'binary_data_size'");
    if (data == nullptr) return Reject("'text' has neither 'data' nor a 'binary_data_size'");
    return TextsOfData(*data, count, limits);
  }
  if (data != nullptr) return Reject("'text' has both 'data' and a 'binary_data_size'");
  const auto bytes = static_cast<int64_t>(binary.size());
  if (!WholeNumber(*size, bytes, bytes)) {
    return Broken(fmt::format("'binary_data_size' must be the number of bytes after the JSON, {}", binary.size()));
  }
  return TextsOfBytes(binary, count, limits);
}

ApiResult<V2Output> ReadOutput(const Json& json, bool binary) {
  if (!json.is_object()) return Reject("each of 'outputs' must be an object");
  V2Output output;
  output.name = TRY(StringOr(json, "name", ""));
  if (output.name == "score") {
    output.kind = V2Output::Kind::kScore;
  } else if (output.name == "scores" || output.name == "probabilities") {
    output.kind = V2Output::Kind::kScores;
  } else if (output.name == "decision") {
    output.kind = V2Output::Kind::kDecision;
  } else if (output.name != "label") {
    return Reject("unknown output; the outputs are 'label', 'score', 'scores' and 'decision'");
  }
  const Json parameters = TRY(ParametersOf(json));
  if (FindField(parameters, "shared_memory_region") != nullptr) return Reject("shared memory is not supported");
  output.binary = TRY(FlagOr(parameters, "binary_data", binary));
  output.classes = static_cast<size_t>(TRY(IntegerOr(parameters, "classification", 0, 0, int64_t{1} << 31)));
  return output;
}

ApiResult<std::vector<V2Output>> ReadOutputs(const Json& body, bool binary) {
  std::vector<V2Output> outputs;
  const Json* const requested = FindField(body, "outputs");
  if (requested == nullptr || (requested->is_array() && requested->empty())) {
    for (const auto& [kind, name] : {std::pair(V2Output::Kind::kLabel, "label"),
                                     {V2Output::Kind::kScore, "score"},
                                     {V2Output::Kind::kScores, "scores"}}) {
      outputs.push_back({.kind = kind, .name = name, .binary = binary});
    }
    return outputs;
  }
  if (!requested->is_array()) return Reject("'outputs' must be a list");
  for (const Json& each : *requested) {
    V2Output output = TRY(ReadOutput(each, binary));
    if (std::ranges::any_of(outputs, [&](const V2Output& other) { return other.name == output.name; })) {
      return Reject("'outputs' must not contain the same output twice");
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

// What goes out.

/// Puts tensors into the JSON, or behind it.
class Writer {
 public:
  Writer(Json& outputs, std::string& binary) : outputs_(outputs), binary_(binary) {}

  bool any_binary() const { return any_; }

  void Numbers(const V2Output& output, std::vector<size_t> shape, const std::vector<float>& values) {
    Json& tensor = Add(output, "FP32", std::move(shape));
    if (!output.binary) {
      tensor["data"] = values;
      return;
    }
    const size_t begin = binary_.size();
    binary_.resize(begin + values.size() * sizeof(float));
    if (!values.empty()) std::memcpy(binary_.data() + begin, values.data(), values.size() * sizeof(float));
    Behind(tensor, begin);
  }

  void Strings(const V2Output& output, std::vector<size_t> shape, const std::vector<std::string>& values) {
    Json& tensor = Add(output, "BYTES", std::move(shape));
    if (!output.binary) {
      tensor["data"] = values;
      return;
    }
    const size_t begin = binary_.size();
    for (const std::string& value : values) {
      const auto length = static_cast<uint32_t>(value.size());
      binary_.append(reinterpret_cast<const char*>(&length), sizeof(length));
      binary_ += value;
    }
    Behind(tensor, begin);
  }

 private:
  Json& Add(const V2Output& output, const char* datatype, std::vector<size_t> shape) {
    outputs_.push_back({{"name", output.name}, {"datatype", datatype}, {"shape", shape}});
    return outputs_.back();
  }
  void Behind(Json& tensor, size_t begin) {
    tensor["parameters"] = {{"binary_data_size", binary_.size() - begin}};
    any_ = true;
  }

  Json& outputs_;
  std::string& binary_;
  bool any_ = false;
};

/// Returns the decided labels of a text, joined by commas; empty if there are none.
std::string DecisionText(const V2Model& model, const ClassifiedText& text) {
  const Json answer = PredictionJson({model.labels, model.multi_label, model.out_of_scope}, text, 1);
  const Json& decision = answer["decision"];
  if (decision.is_string()) return decision.str();
  std::string joined;
  if (!decision.is_array()) return joined;
  for (const Json& label : decision) joined += (joined.empty() ? "" : ",") + label.str();
  return joined;
}

void WriteOutput(const V2Output& output, const V2Model& model, std::span<const ClassifiedText> texts, Writer& writer) {
  const size_t labels = model.labels.size();
  switch (output.kind) {
    case V2Output::Kind::kLabel: {
      std::vector<std::string> names;
      for (const ClassifiedText& text : texts) {
        const Json answer = PredictionJson({model.labels, model.multi_label, model.out_of_scope}, text, 1);
        names.push_back(answer["label"].is_string() ? answer["label"].get<std::string>() : "");
      }
      return writer.Strings(output, {texts.size()}, names);
    }
    case V2Output::Kind::kDecision: {
      std::vector<std::string> decided;
      for (const ClassifiedText& text : texts) decided.push_back(DecisionText(model, text));
      return writer.Strings(output, {texts.size()}, decided);
    }
    case V2Output::Kind::kScore: {
      std::vector<float> scores;
      for (const ClassifiedText& text : texts) scores.push_back(text.decision.score);
      return writer.Numbers(output, {texts.size()}, scores);
    }
    case V2Output::Kind::kScores:
      break;
  }
  if (output.classes > 0) {
    const size_t classes = std::min(output.classes, labels);
    std::vector<std::string> named;
    for (const ClassifiedText& text : texts) {
      std::vector<size_t> order = ByProbability(text.probabilities);
      order.resize(classes);
      for (const size_t i : order)
        named.push_back(fmt::format("{:f}:{}:{}", text.probabilities[i], i, model.labels[i]));
    }
    return writer.Strings(output, {texts.size(), classes}, named);
  }
  std::vector<float> all;
  for (const ClassifiedText& text : texts) all.insert(all.end(), text.probabilities.begin(), text.probabilities.end());
  writer.Numbers(output, {texts.size(), labels}, all);
}

}  // namespace

ApiResult<V2Request> ReadV2Request(std::string_view body, std::string_view header_length, const ServiceLimits& limits) {
  size_t json_size = body.size();
  if (!header_length.empty()) {
    const std::optional<size_t> bytes = ParseNumber<size_t>(header_length);
    if (!bytes || *bytes > body.size()) {
      return Broken("Inference-Header-Content-Length must be the number of bytes of JSON in the body");
    }
    json_size = *bytes;
  }
  V2Request request;
  if (!header_length.empty() && json_size == 0) {
    if (body.size() > limits.max_text_bytes) return TooLong(kInput, limits);
    request.texts.emplace_back(body);
    request.binary = true;
    request.outputs = TRY(ReadOutputs(Json::object(), /*binary=*/true));
    return request;
  }
  const Json json = TRY(ParseObject(body.substr(0, json_size), limits));
  TRY(CheckFields(json, V2RequestSchema()));
  request.id = TRY(StringOr(json, "id", ""));
  request.model_name = TRY(StringOr(json, "model_name", ""));
  request.has_id = FindField(json, "id") != nullptr;
  const Json parameters = TRY(ParametersOf(json));
  const bool binary = TRY(FlagOr(parameters, "binary_data_output", false));
  const int64_t timeout = TRY(IntegerOr(parameters, "timeout", 0, 0, kMostMicroseconds));
  if (timeout > 0) request.timeout = std::chrono::microseconds(timeout);
  request.options = TRY(ReadDecisionFields(parameters));
  request.binary = binary;
  request.outputs = TRY(ReadOutputs(json, binary));
  const Json* const chosen = FindField(json, "outputs");
  request.outputs_chosen = chosen != nullptr && chosen->size() > 0;
  request.texts = TRY(ReadInput(json, body.substr(json_size), limits));
  return request;
}

HttpResponse WriteV2Answer(const V2Model& model, const V2Request& request, std::span<const ClassifiedText> texts) {
  Json answer = {{"model_name", model.name}, {"model_version", model.version}};
  if (request.has_id) answer["id"] = request.id;
  Json outputs = Json::array();
  std::string binary;
  Writer writer(outputs, binary);
  for (const V2Output& output : request.outputs) WriteOutput(output, model, texts, writer);
  if (model.multi_label && !request.outputs_chosen) {
    const V2Output decision{.kind = V2Output::Kind::kDecision, .name = "decision", .binary = request.binary};
    WriteOutput(decision, model, texts, writer);
  }
  answer["outputs"] = std::move(outputs);
  HttpResponse response = JsonResponse(answer);
  if (!writer.any_binary()) return response;
  response.headers.emplace_back("Inference-Header-Content-Length", std::to_string(response.body.size()));
  response.content_type = "application/octet-stream";
  response.body += binary;
  return response;
}

}  // namespace winnow
