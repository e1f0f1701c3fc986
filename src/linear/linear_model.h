/// A linear classifier of texts: features, weights, and what its scores mean as logits. `linear.bin`.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/features.h"
#include "linear/solver.h"

namespace winnow {

inline constexpr char kLinearFile[] = "linear.bin";

/// Immutable and thread-safe. Cheap to move.
class LinearModel {
 public:
  /// Maps the file, and checks every length, offset and count in it. Errors: kNotFound, kIo, kInvalidModel.
  static Result<LinearModel> Load(const std::filesystem::path& file);
  LinearModel(LinearModel&&) noexcept;
  LinearModel& operator=(LinearModel&&) noexcept;
  ~LinearModel();

  /// Atomically. Errors: kIo.
  Result<void> Save(const std::filesystem::path& file) const;

  size_t labels() const;
  bool multi_label() const;
  LinearKind kind() const;
  size_t features() const;

  /// Appends nothing, allocates nothing once `scratch` has grown: logits [labels] of one text, such that Softmax of
  /// them (multi-label: Sigmoid) are the model's probabilities: of two labels (0, z); of more the multinomial scores;
  /// of labels fitted one against the rest, and of SVMs by their Platt scaling, the logarithms of their probabilities.
  /// `text` is UTF-8; invalid bytes become U+FFFD.
  struct Scratch;
  void Logits(std::string_view text, Scratch& scratch, std::span<float> logits) const;

  /// logits [texts, labels] of many, on the pool's threads.
  void Logits(std::span<const std::string_view> texts, ThreadPool& pool, std::span<float> logits) const;

 private:
  struct Parts;
  explicit LinearModel(std::shared_ptr<const Parts> parts);
  std::shared_ptr<const Parts> parts_;
};

}  // namespace winnow
