#include "arrow_texts.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string>

#include "errors.h"

namespace winnow::python {
namespace {

[[noreturn]] void RefuseArray(const std::string& what) {
  Raise({ErrorCode::kInvalidData, "an Arrow array of texts was expected, but " + what,
         "pass a column of strings; cast(pyarrow.string()) makes one of other types"});
}

/// Releases a schema at the end of a scope.
struct OwnedSchema : ArrowSchema {
  OwnedSchema() : ArrowSchema{} {}
  OwnedSchema(const OwnedSchema&) = delete;
  OwnedSchema& operator=(const OwnedSchema&) = delete;
  ~OwnedSchema() {
    if (release != nullptr) release(this);
  }
};

template <typename T>
T At(const void* buffer, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char*>(buffer) + static_cast<size_t>(index) * sizeof(T), sizeof(T));
  return value;
}

bool IsNull(const ArrowArray& array, int64_t index) {
  if (array.n_buffers == 0) return true;
  if (array.buffers[0] == nullptr) return false;
  return (At<uint8_t>(array.buffers[0], index / 8) >> (index % 8) & 1) == 0;
}

template <typename Offset>
std::string_view OfOffsets(const ArrowArray& array, int64_t index) {
  const auto begin = At<Offset>(array.buffers[1], index), end = At<Offset>(array.buffers[1], index + 1);
  if (begin < 0 || end < begin) RefuseArray("the offsets of this one decrease");
  return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<size_t>(end - begin)};
}

/// A text of the layout "variable-size binary view": up to 12 bytes lie in the view, longer texts in a buffer.
std::string_view OfView(const ArrowArray& array, int64_t index) {
  constexpr size_t kViewSize = 16;
  constexpr int32_t kMostInline = 12;
  const char* const view = static_cast<const char*>(array.buffers[1]) + static_cast<size_t>(index) * kViewSize;
  const auto size = At<int32_t>(view, 0);
  if (size < 0) RefuseArray("a text of this one has a negative length");
  if (size <= kMostInline) return {view + sizeof(int32_t), static_cast<size_t>(size)};
  const auto buffer = At<int32_t>(view, 2), offset = At<int32_t>(view, 3);
  if (buffer < 0 || buffer + 3 >= array.n_buffers) RefuseArray("a view of this one refers to a buffer that is missing");
  return {static_cast<const char*>(array.buffers[2 + buffer]) + offset, static_cast<size_t>(size)};
}

using TextAt = std::string_view (*)(const ArrowArray&, int64_t);
TextAt ReaderOf(const ArrowSchema& schema) {
  const std::string_view format = schema.format;
  if (format == "u") return OfOffsets<int32_t>;
  if (format == "U") return OfOffsets<int64_t>;
  if (format == "vu") return OfView;
  if (format == "n") return nullptr;
  if (format == "+s") RefuseArray("this is a table; pass one column of it, such as table['text']");
  RefuseArray(fmt::format("this one has the Arrow format '{}'", format));
}

int64_t KeyAt(std::string_view format, const void* keys, int64_t index) {
  if (format == "c") return At<int8_t>(keys, index);
  if (format == "C") return At<uint8_t>(keys, index);
  if (format == "s") return At<int16_t>(keys, index);
  if (format == "S") return At<uint16_t>(keys, index);
  if (format == "i") return At<int32_t>(keys, index);
  if (format == "I") return At<uint32_t>(keys, index);
  return At<int64_t>(keys, index);
}

void ReadDictionary(const ArrowSchema& schema, const ArrowArray& array, const ArrowTexts::Take& take) {
  const TextAt text_at = ReaderOf(*schema.dictionary);
  const ArrowArray& words = *array.dictionary;
  for (int64_t i = array.offset; i < array.offset + array.length; ++i) {
    const int64_t key = IsNull(array, i) ? -1 : KeyAt(schema.format, array.buffers[1], i);
    if (key >= words.length) RefuseArray("a key of this one is beyond its dictionary");
    if (key < 0 || text_at == nullptr || IsNull(words, words.offset + key)) {
      take(nullptr);
      continue;
    }
    const std::string_view text = text_at(words, words.offset + key);
    take(&text);
  }
}

void ReadTexts(const ArrowSchema& schema, const ArrowArray& array, const ArrowTexts::Take& take) {
  if (schema.dictionary != nullptr) return ReadDictionary(schema, array, take);
  const TextAt text_at = ReaderOf(schema);
  for (int64_t i = array.offset; i < array.offset + array.length; ++i) {
    if (text_at == nullptr || IsNull(array, i)) {
      take(nullptr);
      continue;
    }
    const std::string_view text = text_at(array, i);
    take(&text);
  }
}

template <typename T>
T& InCapsule(nb::handle capsule, const char* name) {
  void* const pointer = ::PyCapsule_GetPointer(capsule.ptr(), name);
  if (pointer == nullptr) throw nb::python_error();
  return *static_cast<T*>(pointer);
}

void CheckStream(int code, ArrowArrayStream& stream) {
  if (code == 0) return;
  const char* const what = stream.get_last_error(&stream);
  Raise({ErrorCode::kInvalidData,
         fmt::format("the Arrow stream failed: {}", what == nullptr ? std::strerror(code) : what), ""});
}

}  // namespace

ArrowTexts::~ArrowTexts() {
  for (const std::unique_ptr<ArrowArray>& array : arrays_) {
    if (array->release != nullptr) array->release(array.get());
  }
}

bool ArrowTexts::IsArrow(nb::handle object) {
  return nb::hasattr(object, "__arrow_c_stream__") || nb::hasattr(object, "__arrow_c_array__");
}

void ArrowTexts::Read(nb::handle object, const Take& take) {
  if (nb::hasattr(object, "__arrow_c_stream__")) return ReadStream(object, take);
  ReadArray(object, take);
}

void ArrowTexts::ReadStream(nb::handle object, const Take& take) {
  const nb::object capsule = object.attr("__arrow_c_stream__")();
  auto& stream = InCapsule<ArrowArrayStream>(capsule, "arrow_array_stream");  // which the capsule releases
  OwnedSchema schema;
  CheckStream(stream.get_schema(&stream, &schema), stream);
  if (schema.dictionary == nullptr) ReaderOf(schema);  // refuses a table without rows too
  while (true) {
    auto array = std::make_unique<ArrowArray>();
    CheckStream(stream.get_next(&stream, array.get()), stream);
    if (array->release == nullptr) return;
    arrays_.push_back(std::move(array));
    ReadTexts(schema, *arrays_.back(), take);
  }
}

void ArrowTexts::ReadArray(nb::handle object, const Take& take) {
  const nb::tuple capsules = nb::cast<nb::tuple>(object.attr("__arrow_c_array__")());
  const auto& schema = InCapsule<ArrowSchema>(capsules[0], "arrow_schema");
  auto& array = InCapsule<ArrowArray>(capsules[1], "arrow_array");
  arrays_.push_back(std::make_unique<ArrowArray>(array));
  array.release = nullptr;  // moved out of the capsule
  ReadTexts(schema, *arrays_.back(), take);
}

}  // namespace winnow::python
