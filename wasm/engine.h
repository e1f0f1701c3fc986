/// The interface of the WebAssembly module. Texts and names are UTF-8 with a length; memory for arguments comes from
/// winnow_allocate. One caller at a time. A failed call returns 0, and winnow_error() has the message until the next
/// call.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

void* winnow_allocate(size_t bytes);
void winnow_free(void* memory);

/// Adds a file of a bundle for winnow_load. Takes over `bytes`. A linear model's are winnow.json, labels.json and
/// linear.bin; a transformer's winnow.json (or none), config.json, model_int8.safetensors, the files of its tokenizer,
/// and out_of_scope.safetensors if the bundle has it. Digests are not checked.
void winnow_add_file(const char* name, size_t name_size, std::byte* bytes, size_t size);

/// Loads a model of the files added, and forgets them.
struct WinnowModel;
WinnowModel* winnow_load();
void winnow_unload(WinnowModel* model);

/// The labels as a JSON array, terminated by 0. Valid until the model is unloaded.
const char* winnow_labels(const WinnowModel* model);

/// The name for out-of-scope texts, terminated by 0; empty if the model has no rule for them.
const char* winnow_scope_label(const WinnowModel* model);

/// The weights that predict, terminated by 0: "linear", "int8", "int8 with 2 of 6 layers bf16".
const char* winnow_weights(const WinnowModel* model);

/// The prediction for one text. Fields are those of Decision in src/decide/decide.h. Later versions add fields at the
/// end.
struct WinnowPrediction {
  int32_t label;  ///< id of the decided label, -1 if a multi-label model decided none
  int32_t top;    ///< id of the most probable label
  uint32_t positive, abstained;
  float score, confidence;
  uint32_t count;              ///< number of labels
  const float* probabilities;  ///< [count]
  const uint8_t* decided;      ///< [count]: 1 for the decided labels
  uint32_t out_of_scope;       ///< 1: the text belongs to none of the labels, its label is winnow_scope_label
  float scope_score;           ///< 0 without a rule for out-of-scope texts
};

/// Classifies a text; mode: 0 strict, 1 moderate, 2 lenient. The result is valid until the next call for this model.
const WinnowPrediction* winnow_classify(WinnowModel* model, const char* text, size_t size, int32_t mode);

/// Classifies a text that is given as JSON: a string, a list of segments, or an object with the fields of the model's
/// text template. `threshold` replaces those of the mode, unless it is NaN.
const WinnowPrediction* winnow_classify_input(WinnowModel* model, const char* json, size_t size, int32_t mode,
                                              float threshold);

/// Loads a tokenizer of the files added (tokenizer.json, or vocab.txt and others; see src/tokenize/tokenizer.h), and
/// forgets them.
struct WinnowTokenizer;
WinnowTokenizer* winnow_load_tokenizer();
void winnow_unload_tokenizer(WinnowTokenizer* tokenizer);

struct WinnowTokens {
  uint32_t count;
  const int32_t* ids;  ///< [count]
};

/// Returns the token ids of a text, at most `max_length` with the special tokens. Valid until the next call for this
/// tokenizer.
const WinnowTokens* winnow_tokenize(WinnowTokenizer* tokenizer, const char* text, size_t size, int32_t max_length);

/// The warnings of the last load of a model or a tokenizer, a line each, terminated by 0: what of its files has no
/// effect.
const char* winnow_warnings();

/// The message of the last failed call, terminated by 0.
const char* winnow_error();

}  // extern "C"
