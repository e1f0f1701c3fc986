#include "bundle/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

#include "base/json.h"
#include "base/mapped_memory.h"

namespace winnow {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian and mapped as it is");

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's bound

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  size_t size;
};

constexpr std::array kDTypes = {
    DTypeInfo{DType::kF64, "F64", 8},        DTypeInfo{DType::kF32, "F32", 4},
    DTypeInfo{DType::kF16, "F16", 2},        DTypeInfo{DType::kBF16, "BF16", 2},
    DTypeInfo{DType::kF8E4M3, "F8_E4M3", 1}, DTypeInfo{DType::kF8E5M2, "F8_E5M2", 1},
    DTypeInfo{DType::kI64, "I64", 8},        DTypeInfo{DType::kI32, "I32", 4},
    DTypeInfo{DType::kI16, "I16", 2},        DTypeInfo{DType::kI8, "I8", 1},
    DTypeInfo{DType::kU64, "U64", 8},        DTypeInfo{DType::kU32, "U32", 4},
    DTypeInfo{DType::kU16, "U16", 2},        DTypeInfo{DType::kU8, "U8", 1},
    DTypeInfo{DType::kBool, "BOOL", 1},
};

const DTypeInfo& InfoOf(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

/// Bytes of a tensor, or nothing where they don't fit 63 bits.
std::optional<uint64_t> BytesOf(std::span<const int64_t> shape, DType dtype) {
  int64_t bytes = static_cast<int64_t>(SizeOf(dtype));
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return static_cast<uint64_t>(bytes);
}

struct Range {
  uint64_t begin, end;
};

/// One entry of the header, its data not yet looked at.
Result<Range> ReadEntry(const Json& entry, const std::string& what, TensorView& tensor) {
  const auto bad = [&](const std::string& why) { return Fail(ErrorCode::kInvalidModel, what + " " + why); };
  if (!entry.is_object()) return bad("is not described by an object");
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!entry.contains(key)) return bad("has no '" + std::string(key) + "'");
  }
  if (!entry["dtype"].is_string()) return bad("has a 'dtype' that is not a string");
  const std::string& name = entry["dtype"].str();
  const auto info = std::ranges::find(kDTypes, std::string_view(name), &DTypeInfo::name);
  if (info == kDTypes.end()) {
    return Fail(ErrorCode::kUnsupported, what + " has element type '" + name + "'",
                "save the model as F32, F16 or BF16");
  }
  tensor.dtype = info->dtype;
  if (!entry["shape"].is_array()) return bad("has a 'shape' that is not an array");
  for (const Json& extent : entry["shape"]) {
    if (!extent.is_number_unsigned() || extent.get<uint64_t>() > INT64_MAX)
      return bad("has a 'shape' that contains something other than non-negative integers");
    tensor.shape.push_back(extent.get<int64_t>());
  }
  const Json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    return bad("has 'data_offsets' that are not [begin, end]");
  const Range range{offsets[0].get<uint64_t>(), offsets[1].get<uint64_t>()};
  if (range.begin > range.end)
    return bad("ends at " + std::to_string(range.end) + ", before it begins at " + std::to_string(range.begin));
  const std::optional<uint64_t> bytes = BytesOf(tensor.shape, tensor.dtype);
  if (!bytes) return bad("has shape " + ShapeText(tensor.shape) + ", too large for memory");
  if (*bytes != range.end - range.begin) {
    return bad("of shape " + ShapeText(tensor.shape) + " and type " + name + " takes " + std::to_string(*bytes) +
               " bytes, but its offsets span " + std::to_string(range.end - range.begin));
  }
  return range;
}

Result<std::map<std::string, std::string>> ReadMetadata(const Json& json, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) return Fail(ErrorCode::kInvalidModel, where + ": '__metadata__' is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return Fail(ErrorCode::kInvalidModel, where + ": '__metadata__' must contain only strings");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

/// IEEE 754 half precision, by bits: subnormals are renormalised, NaN and infinities kept.
float FromF16(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu;
  const uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  const uint32_t wide = exponent == 31 ? 0xffu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

/// Element by element through memcpy, because mapped data may be unaligned.
template <typename Stored, typename Convert>
void ConvertEach(std::span<const std::byte> data, std::span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, data.data() + i * sizeof value, sizeof value);
    out[i] = convert(value);
  }
}

}  // namespace

size_t SizeOf(DType dtype) { return InfoOf(dtype).size; }
std::string_view NameOf(DType dtype) { return InfoOf(dtype).name; }

int64_t TensorView::count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

namespace {

constexpr const char* kCutShort = "the file is incomplete: copy or download it again";

/// The text of the header: its length stands before it.
Result<std::string_view> HeaderText(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() < kLengthBytes) {
    return Fail(ErrorCode::kInvalidModel,
                where + ": holds " + std::to_string(bytes.size()) + " bytes, too few for a safetensors header",
                kCutShort);
  }
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  if (header_bytes > kMaxHeaderBytes) {
    return Fail(ErrorCode::kInvalidModel,
                where + ": the length of the header is specified as " + std::to_string(header_bytes) +
                    " bytes; at most " + std::to_string(kMaxHeaderBytes) + " are allowed",
                "the file is not a safetensors file, or is damaged");
  }
  if (header_bytes > bytes.size() - kLengthBytes) {
    return Fail(ErrorCode::kInvalidModel,
                where + ": the length of the header is specified as " + std::to_string(header_bytes) +
                    " bytes, but the file contains " + std::to_string(bytes.size() - kLengthBytes) +
                    " after the length",
                kCutShort);
  }
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes);
}

struct Placed {
  Range range;
  TensorView tensor;
};

/// Checks that the tensors, in the order of their data, cover `size` bytes without gaps and overlaps.
Result<void> CheckCoverage(std::span<const Placed> placed, size_t size, const std::string& where) {
  uint64_t covered = 0;
  for (const Placed& each : placed) {
    if (each.range.begin != covered) {
      return Fail(ErrorCode::kInvalidModel,
                  where + ": tensor '" + each.tensor.name + "' begins at byte " + std::to_string(each.range.begin) +
                      " of the data, but the previous tensor ends at " + std::to_string(covered) +
                      (each.range.begin < covered ? ": the tensors overlap" : ": there is a gap"));
    }
    covered = each.range.end;
  }
  if (covered == size) return {};
  return Fail(ErrorCode::kInvalidModel,
              where + ": the header describes " + std::to_string(covered) + " bytes of tensors, but the file holds " +
                  std::to_string(size),
              covered > size ? kCutShort : "the file has bytes that belong to no tensor: copy or download it again");
}

}  // namespace

Result<SafetensorsContents> ParseSafetensors(std::span<const std::byte> bytes, std::string_view where_view) {
  const std::string where(where_view);
  const std::string_view header_text = TRY(HeaderText(bytes, where));
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header_text.size());
  const Json header = TRY(ParseJson(header_text, where + ": header", ErrorCode::kInvalidModel));
  if (!header.is_object()) return Fail(ErrorCode::kInvalidModel, where + ": header is not a JSON object");

  SafetensorsContents contents;
  std::vector<Placed> placed;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      contents.metadata = TRY(ReadMetadata(entry, where));
      continue;
    }
    TensorView tensor;
    tensor.name = name;
    const Range range = TRY(ReadEntry(entry, where + ": tensor '" + name + "'", tensor));
    placed.push_back({range, std::move(tensor)});
  }
  std::ranges::stable_sort(placed, [](const Placed& a, const Placed& b) {
    return std::pair(a.range.begin, a.range.end) < std::pair(b.range.begin, b.range.end);
  });

  TRY(CheckCoverage(placed, data.size(), where));
  for (Placed& each : placed) {
    each.tensor.data = data.subspan(each.range.begin, each.range.end - each.range.begin);
    contents.tensors.push_back(std::move(each.tensor));
  }
  return contents;
}

Result<SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  SafetensorsFile result;
  result.file_ = TRY(MappedFile::Open(path));
  result.contents_ = TRY(ParseSafetensors(result.file_.bytes(), path.string()));
  const std::vector<TensorView>& tensors = result.contents_.tensors;
  result.by_name_.resize(tensors.size());
  std::iota(result.by_name_.begin(), result.by_name_.end(), size_t{0});
  std::ranges::sort(result.by_name_, {}, [&](size_t i) { return std::string_view(tensors[i].name); });
  return result;
}

Result<void> SafetensorsFile::CheckFile() const { return CheckMapped(file_.bytes().data()); }

const TensorView* SafetensorsFile::Find(std::string_view name) const {
  const auto name_at = [this](size_t i) { return std::string_view(contents_.tensors[i].name); };
  const auto found = std::ranges::lower_bound(by_name_, name, {}, name_at);
  if (found == by_name_.end() || name_at(*found) != name) return nullptr;
  return &contents_.tensors[*found];
}

Result<void> WriteSafetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                              const std::map<std::string, std::string>& metadata) {
  std::vector<const TensorView*> order;
  for (const TensorView& tensor : tensors) order.push_back(&tensor);
  std::ranges::sort(order, [](const TensorView* a, const TensorView* b) {
    if (SizeOf(a->dtype) != SizeOf(b->dtype)) return SizeOf(a->dtype) > SizeOf(b->dtype);
    return a->name < b->name;
  });

  // Written member by member, to keep the order of the data; strings are escaped by the library.
  std::string header = "{";
  if (!metadata.empty()) header += "\"__metadata__\":" + DumpJsonLine(Json(metadata));
  uint64_t offset = 0;
  for (const TensorView* tensor : order) {
    const std::string what = path.string() + ": tensor '" + tensor->name + "'";
    if (tensor->name.empty() || tensor->name == "__metadata__")
      return Fail(ErrorCode::kInvalidArgument, what + " has an invalid name");
    if (BytesOf(tensor->shape, tensor->dtype) != tensor->data.size()) {
      return Fail(ErrorCode::kInvalidArgument, what + " has shape " + ShapeText(tensor->shape) + " and type " +
                                                   std::string(NameOf(tensor->dtype)) + " but " +
                                                   std::to_string(tensor->data.size()) + " bytes");
    }
    const Json entry = {{"dtype", NameOf(tensor->dtype)},
                        {"shape", tensor->shape},
                        {"data_offsets", {offset, offset + tensor->data.size()}}};
    if (header.size() > 1) header += ',';
    header += DumpJsonLine(Json(tensor->name)) + ":" + DumpJsonLine(entry);
    offset += tensor->data.size();
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::vector<std::string_view> names;
  for (const TensorView* tensor : order) names.push_back(tensor->name);
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    return Fail(ErrorCode::kInvalidArgument,
                path.string() + ": two tensors have the name '" + std::string(*twice) + "'");

  return WriteFileAtomically(path, [&](const FileSink& sink) -> Result<void> {
    const uint64_t header_bytes = header.size();
    TRY(sink(std::as_bytes(std::span(&header_bytes, 1))));
    TRY(sink(std::as_bytes(std::span(header))));
    for (const TensorView* tensor : order) TRY(sink(tensor->data));
    return {};
  });
}

TensorView ViewOf(std::string name, std::vector<int64_t> shape, std::span<const float> values) {
  return {std::move(name), DType::kF32, std::move(shape), std::as_bytes(values)};
}

Result<void> CopyAsF32(const TensorView& tensor, std::span<float> out) {
  if (BytesOf(tensor.shape, tensor.dtype) != tensor.data.size() ||
      tensor.data.size() / SizeOf(tensor.dtype) != out.size()) {
    return Fail(ErrorCode::kInternal, "internal error: tensor '" + tensor.name + "' of shape " +
                                          ShapeText(tensor.shape) + " was copied into " + std::to_string(out.size()) +
                                          " floats");
  }
  switch (tensor.dtype) {
    case DType::kF32:
      if (!out.empty()) std::memcpy(out.data(), tensor.data.data(), tensor.data.size());
      return {};
    case DType::kF64:
      ConvertEach<double>(tensor.data, out, [](double value) { return static_cast<float>(value); });
      return {};
    case DType::kF16:
      ConvertEach<uint16_t>(tensor.data, out, FromF16);
      return {};
    case DType::kBF16:
      ConvertEach<uint16_t>(tensor.data, out,
                            [](uint16_t value) { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); });
      return {};
    default:
      return Fail(ErrorCode::kInvalidModel, "tensor '" + tensor.name + "' has element type " +
                                                std::string(NameOf(tensor.dtype)) + ", not floats");
  }
}

}  // namespace winnow
