#include "server/v2_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "classify/answer_json.h"

namespace winnow {
namespace {

using Out = Json;

static_assert(std::endian::native == std::endian::little, "tensors are little-endian");

constexpr char kInput[] = "text";
constexpr int64_t kMostElements = int64_t{1} << 53;  // that a number in JSON tells exactly
constexpr int64_t kMostMicroseconds = int64_t{3600} * 1000000;

std::unexpected<Refusal> Refuse(std::string message) { return std::unexpected(Refusal{.message = std::move(message)}); }
std::unexpected<Refusal> Broken(std::string message) {
  return std::unexpected(Refusal{.status = 400, .message = std::move(message)});
}

std::unexpected<Refusal> TooLong(const ServiceLimits& limits) {
  return std::unexpected(Refusal{.status = 413,
                                 .type = "TooLarge",
                                 .message = fmt::format("'text' has more than {} bytes", limits.max_text_bytes)});
}

/// An element's "parameters", or an empty object.
std::expected<Json, Refusal> ParametersOf(const Json& of) {
  const Json* const parameters = Field(of, "parameters");
  if (parameters == nullptr) return Json::object();
  if (!parameters->is_object()) return Refuse("'parameters' must be an object");
  return *parameters;
}

/// How many texts a shape [n] or [n, 1] means.
std::expected<size_t, Refusal> CountOf(const Json& input, const ServiceLimits& limits) {
  const Json* const shape = Field(input, "shape");
  if (shape == nullptr || !shape->is_array() || shape->empty() || shape->size() > 2) {
    return Refuse("'shape' of the input must be [n] or [n, 1]");
  }
  const auto count = WholeNumber(shape->front(), 0, kMostElements);
  if (!count || (shape->size() == 2 && WholeNumber(shape->back(), 1, 1) != 1)) {
    return Refuse("'shape' of the input must be [n] or [n, 1]");
  }
  if (static_cast<uint64_t>(*count) > limits.max_texts) {
    return std::unexpected(Refusal{.status = 413,
                                   .type = "TooLarge",
                                   .message = fmt::format("'shape' means more than {} texts", limits.max_texts)});
  }
  return static_cast<size_t>(*count);
}

/// "data", flat or as the shape has it.
std::expected<std::vector<std::string>, Refusal> TextsOfData(const Json& data, size_t count,
                                                             const ServiceLimits& limits) {
  if (!data.is_array()) return Refuse("'data' must be a list of strings");
  if (data.size() != count) return Refuse("'data' has another number of texts than 'shape' says");
  std::vector<std::string> texts;
  for (const Json& each : data) {
    auto text = TextOf(each.is_array() && each.size() == 1 ? each[0] : each, "data", limits);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

/// Elements of BYTES, all of `bytes`.
std::expected<std::vector<std::string>, Refusal> TextsOfBytes(std::string_view bytes, size_t count,
                                                              const ServiceLimits& limits) {
  std::vector<std::string> texts;
  while (!bytes.empty()) {
    uint32_t length = 0;
    if (bytes.size() < sizeof(length)) return Broken("the binary data ends within an element's length");
    std::memcpy(&length, bytes.data(), sizeof(length));
    bytes.remove_prefix(sizeof(length));
    if (length > bytes.size()) return Broken("an element of the binary data is longer than what is there");
    if (length > limits.max_text_bytes) return TooLong(limits);
    if (texts.size() == count) return Broken("the binary data has more texts than 'shape' says");
    texts.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (texts.size() != count) return Broken("the binary data has fewer texts than 'shape' says");
  return texts;
}

/// The one input. `binary` is what lies behind the JSON.
std::expected<std::vector<std::string>, Refusal> ReadInput(const Json& body, std::string_view binary,
                                                           const ServiceLimits& limits) {
  const Json* const inputs = Field(body, "inputs");
  if (inputs == nullptr || !inputs->is_array() || inputs->size() != 1 || !(*inputs)[0].is_object()) {
    return Refuse("'inputs' must hold one tensor, 'text'");
  }
  const Json& input = (*inputs)[0];
  const auto name = StringOr(input, "name", "");
  if (!name) return std::unexpected(name.error());
  if (*name != kInput) return Refuse("the model's only input is 'text'");
  const auto datatype = StringOr(input, "datatype", "");
  if (!datatype) return std::unexpected(datatype.error());
  if (*datatype != "BYTES") return Refuse("'datatype' of 'text' is BYTES");
  const auto count = CountOf(input, limits);
  if (!count) return std::unexpected(count.error());
  const auto parameters = ParametersOf(input);
  if (!parameters) return std::unexpected(parameters.error());
  if (Field(*parameters, "shared_memory_region") != nullptr) {
    return Refuse("there is no shared memory here: send the text itself");
  }
  const Json* const size = Field(*parameters, "binary_data_size");
  const Json* const data = Field(input, "data");
  if (size == nullptr) {
    if (!binary.empty()) return Broken("bytes behind the JSON belong to no input: none has a 'binary_data_size'");
    if (data == nullptr) return Refuse("'text' has neither 'data' nor a 'binary_data_size'");
    return TextsOfData(*data, *count, limits);
  }
  if (data != nullptr) return Refuse("'text' has both 'data' and a 'binary_data_size'");
  const auto bytes = static_cast<int64_t>(binary.size());
  if (!WholeNumber(*size, bytes, bytes)) {
    return Broken(fmt::format("'binary_data_size' must be the number of bytes behind the JSON, {}", binary.size()));
  }
  return TextsOfBytes(binary, *count, limits);
}

std::expected<V2Output, Refusal> ReadOutput(const Json& json, bool binary) {
  if (!json.is_object()) return Refuse("each of 'outputs' must be an object");
  const auto name = StringOr(json, "name", "");
  if (!name) return std::unexpected(name.error());
  V2Output output{.kind = V2Output::Kind::kLabel, .name = *name};
  if (*name == "score") {
    output.kind = V2Output::Kind::kScore;
  } else if (*name == "scores" || *name == "probabilities") {
    output.kind = V2Output::Kind::kScores;
  } else if (*name != "label") {
    return Refuse("the model's outputs are 'label', 'score' and 'scores'");
  }
  const auto parameters = ParametersOf(json);
  if (!parameters) return std::unexpected(parameters.error());
  if (Field(*parameters, "shared_memory_region") != nullptr) return Refuse("there is no shared memory here");
  const auto own = FlagOr(*parameters, "binary_data", binary);
  if (!own) return std::unexpected(own.error());
  output.binary = *own;
  const auto classes = IntegerOr(*parameters, "classification", 0, 0, int64_t{1} << 31);
  if (!classes) return std::unexpected(classes.error());
  output.classes = static_cast<size_t>(*classes);
  return output;
}

std::expected<std::vector<V2Output>, Refusal> ReadOutputs(const Json& body, bool binary) {
  std::vector<V2Output> outputs;
  const Json* const wanted = Field(body, "outputs");
  if (wanted == nullptr || (wanted->is_array() && wanted->empty())) {
    for (const auto& [kind, name] : {std::pair(V2Output::Kind::kLabel, "label"),
                                     {V2Output::Kind::kScore, "score"},
                                     {V2Output::Kind::kScores, "scores"}}) {
      outputs.push_back({.kind = kind, .name = name, .binary = binary});
    }
    return outputs;
  }
  if (!wanted->is_array()) return Refuse("'outputs' must be a list");
  for (const Json& each : *wanted) {
    auto output = ReadOutput(each, binary);
    if (!output) return std::unexpected(output.error());
    if (std::ranges::any_of(outputs, [&](const V2Output& other) { return other.name == output->name; })) {
      return Refuse("'outputs' names one twice");
    }
    outputs.push_back(std::move(*output));
  }
  return outputs;
}

// What goes out.

/// Puts tensors into the JSON, or behind it.
class Writer {
 public:
  Writer(Out& outputs, std::string& binary) : outputs_(outputs), binary_(binary) {}

  bool any_binary() const { return any_; }

  void Numbers(const V2Output& output, std::vector<size_t> shape, const std::vector<float>& values) {
    Out& tensor = Add(output, "FP32", std::move(shape));
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
    Out& tensor = Add(output, "BYTES", std::move(shape));
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
  Out& Add(const V2Output& output, const char* datatype, std::vector<size_t> shape) {
    outputs_.push_back({{"name", output.name}, {"datatype", datatype}, {"shape", shape}});
    return outputs_.back();
  }
  void Behind(Out& tensor, size_t begin) {
    tensor["parameters"] = {{"binary_data_size", binary_.size() - begin}};
    any_ = true;
  }

  Out& outputs_;
  std::string& binary_;
  bool any_ = false;
};

void WriteOutput(const V2Output& output, const V2Model& model, std::span<const ClassifiedText> texts, Writer& writer) {
  const size_t labels = model.labels.size();
  switch (output.kind) {
    case V2Output::Kind::kLabel: {
      std::vector<std::string> names;
      for (const ClassifiedText& text : texts) {
        const Out answer = AnswerJson({model.labels, model.multi_label, model.out_of_scope}, text, 1);
        names.push_back(answer["label"].is_string() ? answer["label"].get<std::string>() : "");
      }
      return writer.Strings(output, {texts.size()}, names);
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

std::expected<V2Request, Refusal> ReadV2Request(std::string_view body, std::string_view header_length,
                                                const ServiceLimits& limits) {
  size_t json_size = body.size();
  if (!header_length.empty()) {
    const char* const end = header_length.data() + header_length.size();
    const auto [read, error] = std::from_chars(header_length.data(), end, json_size);
    if (error != std::errc() || read != end || json_size > body.size()) {
      return Broken("Inference-Header-Content-Length must be how many bytes of the body are JSON");
    }
  }
  V2Request request;
  if (!header_length.empty() && json_size == 0) {
    if (body.size() > limits.max_text_bytes) return TooLong(limits);
    request.texts.emplace_back(body);
    request.outputs = *ReadOutputs(Json::object(), /*binary=*/true);
    return request;
  }
  const auto json = ParseObject(body.substr(0, json_size), limits);
  if (!json) return std::unexpected(json.error());
  auto id = StringOr(*json, "id", "");
  if (!id) return std::unexpected(id.error());
  request.id = std::move(*id);
  request.has_id = Field(*json, "id") != nullptr;
  const auto parameters = ParametersOf(*json);
  if (!parameters) return std::unexpected(parameters.error());
  const auto binary = FlagOr(*parameters, "binary_data_output", false);
  if (!binary) return std::unexpected(binary.error());
  const auto timeout = IntegerOr(*parameters, "timeout", 0, 0, kMostMicroseconds);
  if (!timeout) return std::unexpected(timeout.error());
  if (*timeout > 0) request.timeout = std::chrono::microseconds(*timeout);
  auto outputs = ReadOutputs(*json, *binary);
  if (!outputs) return std::unexpected(outputs.error());
  request.outputs = std::move(*outputs);
  auto texts = ReadInput(*json, body.substr(json_size), limits);
  if (!texts) return std::unexpected(texts.error());
  request.texts = std::move(*texts);
  return request;
}

HttpResponse WriteV2Answer(const V2Model& model, const V2Request& request, std::span<const ClassifiedText> texts) {
  Out answer = {{"model_name", model.name}, {"model_version", model.version}};
  if (request.has_id) answer["id"] = request.id;
  Out outputs = Out::array();
  std::string binary;
  Writer writer(outputs, binary);
  for (const V2Output& output : request.outputs) WriteOutput(output, model, texts, writer);
  answer["outputs"] = std::move(outputs);
  HttpResponse response = JsonResponse(answer);
  if (!writer.any_binary()) return response;
  response.headers.emplace_back("Inference-Header-Content-Length", std::to_string(response.body.size()));
  response.content_type = "application/octet-stream";
  response.body += binary;
  return response;
}

}  // namespace winnow
