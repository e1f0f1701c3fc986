/// Texts of Arrow arrays, read where they lie, by the Arrow C data interface and its PyCapsules
/// (https://arrow.apache.org/docs/format/CDataInterface.html).
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace winnow::python {

namespace nb = nanobind;

// The structures of the specification, whose layout is fixed.
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};
struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema*);
  int (*get_next)(ArrowArrayStream*, ArrowArray*);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};

/// Owns the buffers that the views of an array point to.
class ArrowTexts {
 public:
  /// Receives a text, or a null pointer for a missing one.
  using Take = std::function<void(const std::string_view* text)>;

  ArrowTexts() = default;
  ArrowTexts(const ArrowTexts&) = delete;
  ArrowTexts& operator=(const ArrowTexts&) = delete;
  ~ArrowTexts();

  /// Returns true if the object has one of the methods __arrow_c_stream__ and __arrow_c_array__.
  static bool IsArrow(nb::handle object);

  /// Passes the texts of an array or of a stream of arrays to `take`. The views are valid as long as this object.
  /// Throws a Python exception for arrays that contain something else than texts.
  void Read(nb::handle object, const Take& take);

 private:
  void ReadStream(nb::handle object, const Take& take);
  void ReadArray(nb::handle object, const Take& take);

  std::vector<std::unique_ptr<ArrowArray>> arrays_;
};

}  // namespace winnow::python
