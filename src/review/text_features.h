/// Features of the texts of a review: dense rows of length 1, computed once, on which the head is fitted again and
/// again.
///
/// With an encoder they are its embeddings (classify/embedding.h). Without one they are TF-IDF rows of words and
/// character n-grams, projected onto the directions in which they vary most: latent semantic analysis (Deerwester et
/// al. 1990), by a randomized range finder (Halko, Martinsson, Tropp 2011).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"

namespace winnow {

struct TextFeatures {
  size_t columns = 0;
  std::vector<float> values;  ///< [texts, columns]
};

/// Receives the number of texts that are done. Returning false stops the computation.
using FeatureProgress = std::function<bool(size_t done)>;

/// Returns true if a directory has an encoder: the embeddings of texts can be computed with it.
bool HasEncoder(const std::filesystem::path& model);

/// Computes the embeddings of texts with the encoder of a base model or a fine-tuned model, with `threads` threads.
/// Errors: those of loading the model; kUnsupported for a linear model; kCancelled.
Result<TextFeatures> EncoderFeatures(const std::filesystem::path& model, std::span<const std::string_view> texts,
                                     int threads, const FeatureProgress& progress);

/// Computes features without an encoder, with at most `columns` columns. Equal input gives equal features. Errors:
/// those of Vectorizer::Fit; kCancelled.
Result<TextFeatures> TfidfFeatures(std::span<const std::string_view> texts, size_t columns, int threads,
                                   const FeatureProgress& progress);

}  // namespace winnow
