/// Requests and responses of the Open Inference Protocol, version 2, over HTTP: its JSON, and the extension that
/// transmits tensors as bytes after the JSON. Sources: https://github.com/kserve/open-inference-protocol
/// (inference_rest.md), and "Binary Tensor Data Extension" and "Classification Extension" in the Triton Inference
/// Server's documentation.
///
/// A model has one input, "text": BYTES, shape [n] or [n, 1]; and these outputs:
///
///   label   BYTES [n]          what was decided: PredictionJson's "label"
///   score   FP32 [n]           of the positive label of two, otherwise of the decided one
///   scores  FP32 [n, labels]   all probabilities, by label id; "probabilities" is another name for it
///
/// A tensor as bytes is row-major and little-endian; an element of BYTES is its length in 4 bytes followed by its
/// bytes. Inputs follow the JSON in their order, each with as many bytes as its "binary_data_size" says.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "classify/bundle_classifier.h"
#include "server/json_request.h"

namespace winnow {

inline constexpr char kInferenceHeader[] = "inference-header-content-length";

struct V2Output {
  enum class Kind { kLabel, kScore, kScores, kDecision };
  Kind kind = Kind::kLabel;
  std::string name;
  bool binary = false;
  /// For kScores: the number of classes to return, as BYTES [n, classes] "score:id:label"; 0: all scores as numbers.
  size_t classes = 0;
};

struct V2Request {
  std::string id;
  bool has_id = false;
  std::string model_name;  ///< name of the model, which KServe's client repeats in the body; empty: absent
  ClassifyOptions options = {};
  std::vector<std::string> texts;
  std::vector<V2Output> outputs;
  bool outputs_chosen = false;  ///< the request names its outputs; otherwise a multi-label model adds its decision
  bool binary = false;          ///< whether outputs are bytes unless they say otherwise
  std::optional<std::chrono::microseconds> timeout;
};

/// Returns the JSON Schema of a request. It contains the fields and parameters that the clients of KServe, Triton and
/// MLServer send, also those that have no effect here, and the parameters "mode" and "threshold".
const Json& V2RequestSchema();

/// Reads a request. `header_length` is the value of Inference-Header-Content-Length: the number of bytes of the body
/// that are JSON; empty: all; 0: there is no JSON, and the body is one text. Errors: those of ParseBody and TextOf; 400
/// for bytes that do not match the JSON.
ApiResult<V2Request> ReadV2Request(std::string_view body, std::string_view header_length, const ServiceLimits& limits);

/// The model that made the predictions of a response.
struct V2Model {
  std::string name, version;
  std::span<const std::string> labels;
  bool multi_label = false;
  std::string_view out_of_scope = {};
};

/// Returns the response, with the outputs in the requested order.
HttpResponse WriteV2Answer(const V2Model& model, const V2Request& request, std::span<const ClassifiedText> texts);

}  // namespace winnow
