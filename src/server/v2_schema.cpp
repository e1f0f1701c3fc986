#include "server/decision_fields.h"
#include "server/v2_tensors.h"

namespace winnow {

// The protocol permits any parameter. Those that clients send of themselves are listed here: tritonclient's priority
// and sequence_* (tritonclient/http/_utils.py), MLServer's content_type and headers (mlserver/types/dataplane.py), and
// KServe's model_name in the body (kserve/protocol/infer_type.py). A parameter that nobody knows is a mistake.
const Json& V2RequestSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
      "type": "object", "additionalProperties": false, "required": ["inputs"],
      "properties": {
        "id": {"type": ["string", "null"], "description": "ID of the request, returned in the response"},
        "model_name": {"type": ["string", "null"], "description": "The name of the model in the path, as KServe's client sends it once more"},
        "parameters": {"type": ["object", "null"], "description": "Options of the request", "additionalProperties": false,
          "not": {"required": ["mode", "threshold"], "properties": {"mode": {"type": "string"}, "threshold": {"type": "number"}}},
          "properties": {
            "binary_data_output": {"type": ["boolean", "null"], "default": false, "description": "Return outputs as binary data after the JSON"},
            "timeout": {"type": ["integer", "null"], "minimum": 0, "maximum": 3600000000,
                        "description": "Timeout in microseconds; 0: no timeout"},
            "priority": {"description": "Accepted, without effect"},
            "sequence_id": {"description": "Accepted, without effect"},
            "sequence_start": {"description": "Accepted, without effect"},
            "sequence_end": {"description": "Accepted, without effect"},
            "content_type": {"description": "Accepted, without effect"},
            "headers": {"description": "Accepted, without effect"}}},
        "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "description": "The only input, the texts", "items": {
          "type": "object", "additionalProperties": false, "required": ["name", "datatype", "shape"],
          "properties": {
            "name": {"const": "text", "description": "Name of the input"},
            "datatype": {"const": "BYTES", "description": "Strings in UTF-8"},
            "shape": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer", "minimum": 0},
                      "description": "[n] or [n, 1]"},
            "data": {"type": ["array", "null"], "items": {"anyOf": [{"type": "string"},
                      {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "string"}}]},
                     "description": "n texts"},
            "parameters": {"type": ["object", "null"], "description": "Options of the input", "additionalProperties": false, "properties": {
              "binary_data_size": {"type": ["integer", "null"], "minimum": 0,
                "description": "In place of data: number of bytes of binary data after the JSON; each text is preceded by its length in 4 bytes, little-endian"},
              "shared_memory_region": {"type": "null", "description": "Only null: shared memory is not supported"},
              "content_type": {"description": "Accepted, without effect"},
              "headers": {"description": "Accepted, without effect"}}}}}},
        "outputs": {"type": ["array", "null"], "items": {
          "type": "object", "additionalProperties": false, "required": ["name"],
          "properties": {
            "name": {"enum": ["label", "score", "scores", "probabilities", "decision"],
                     "description": "label: the decided label, or the most probable label of a multi-label model; decision: the decided labels, joined by commas, which are none if it is empty; score: the probability of the positive label, or of the decided label if there is none; scores or probabilities: those of all labels"},
            "parameters": {"type": ["object", "null"], "description": "Options of the output", "additionalProperties": false, "properties": {
              "binary_data": {"type": ["boolean", "null"], "description": "Return this output as binary data after the JSON"},
              "classification": {"type": ["integer", "null"], "minimum": 0, "maximum": 2147483648,
                "description": "For scores: number of most probable classes to return, each as \"score:id:label\""},
              "shared_memory_region": {"type": "null", "description": "Only null: shared memory is not supported"},
              "content_type": {"description": "Accepted, without effect"},
              "headers": {"description": "Accepted, without effect"}}}}},
          "description": "Outputs to return; if absent: label, score and scores, and decision of a multi-label model"}}})");
    made["properties"]["parameters"]["properties"].update(DecisionFieldSchemas());
    return made;
  }();
  return schema;
}

}  // namespace winnow
