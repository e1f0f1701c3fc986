/// A linear model as an ONNX graph. Input "text", strings [batch, 1]; outputs "label", strings [batch], and
/// "probabilities", floats [batch, labels], temperature applied; of a multi-label model the probabilities alone. The
/// labels' names are in the model's metadata_props too, as a JSON array under "labels".
///
/// Words: com.microsoft's Tokenizer, StringNormalizer, TfIdfVectorizer of strings. Characters: Tokenizer and
/// LabelEncoder, which also makes letters small, and TfIdfVectorizer of numbers. Then idf, L2 and LinearClassifier; for
/// several labels a text Gemm. onnxruntime's answers equal ours for all texts but these, measured over all of Unicode:
///   - With words, a Greek text whose word ends in a small sigma of the form that is not final counts as if it were,
///     and one in which some of an n-gram's words are capitals and some are not may miss that n-gram.
///   - With characters, a capital sigma at a word's end becomes the small one that is not final, and U+0130, whose
///     lower case is two characters, becomes i.
///   - Invalid UTF-8, which is not a valid string there; U+001E, which Winnow's readers replace by a space.
/// If words are lowercased, StringNormalizer asks for the locale C.UTF-8: glibc has it, and musl and Emscripten take
/// any; characters need none.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "decide/calibration.h"
#include "linear/linear_model.h"
#include "onnx/model_file.h"

namespace winnow {

/// Builds the graph. `labels` are the model's; probabilities are calibrated by temperature, or by the temperatures of
/// the labels. Features that no text can have are left out. Errors: kUnsupported for more data than protobuf can hold
/// and for other calibrations; kInvalidModel if sizes disagree or no feature is left.
Result<OnnxModel> BuildLinearGraph(const LinearModel& model, std::span<const std::string> labels,
                                   const Calibration& calibration);

/// Returns a sentence on the texts that an ONNX runtime may classify differently from Winnow (above); empty: none.
std::string_view DifferenceOf(const LinearModel& model);

}  // namespace winnow
