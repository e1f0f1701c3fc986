/// Files as torch.save writes them, for tests, made by hand: pickle opcode by opcode, so that any of them can be wrong.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "zip_writer.h"

namespace winnow {

/// Pieces of a pickle of protocol 2.
struct PickleText {
  static std::string Little(uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  }
  static std::string Text(const std::string& text) { return "X" + Little(text.size(), 4) + text; }
  /// LONG1 of 8 bytes: any int64.
  static std::string Int(int64_t value) { return std::string("\x8a\x08") + Little(static_cast<uint64_t>(value), 8); }
  static std::string Global(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
  }
  static std::string Tuple(const std::vector<std::string>& items) {
    std::string text = "(";
    for (const std::string& item : items) text += item;
    return text + "t";
  }
  static std::string Ints(const std::vector<int64_t>& values) {
    std::vector<std::string> items;
    for (const int64_t value : values) items.push_back(Int(value));
    return Tuple(items);
  }
  static std::string OrderedDict() { return Global("collections", "OrderedDict") + ")R"; }
  static std::string Dict(const std::vector<std::pair<std::string, std::string>>& entries, bool ordered = false) {
    std::string text = (ordered ? OrderedDict() : "}") + "(";
    for (const auto& [key, value] : entries) text += Text(key) + value;
    return text + "u";
  }
  /// The whole: PROTO, the value, STOP.
  static std::string Whole(const std::string& value) { return "\x80\x02" + value + "."; }
};

/// One tensor in a storage.
struct TestTensor {
  std::string type = "FloatStorage";
  std::string key = "0";
  int64_t count = 0;  // of the storage
  int64_t offset = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  bool legacy = false;
  std::string metadata{};  // the pickled seventh argument; empty: none

  std::string Pickled() const {
    using P = PickleText;
    std::vector<std::string> id = {P::Text("storage"), P::Global("torch", type), P::Text(key), P::Text("cpu"),
                                   P::Int(count)};
    if (legacy) id.push_back("N");
    std::vector<std::string> arguments = {P::Tuple(id) + "Q", P::Int(offset), P::Ints(shape),
                                          P::Ints(strides),   "\x89",         P::OrderedDict()};
    if (!metadata.empty()) arguments.push_back(metadata);
    return P::Global("torch._utils", "_rebuild_tensor_v2") + P::Tuple(arguments) + "R";
  }
  std::string PickledParameter() const {
    using P = PickleText;
    return P::Global("torch._utils", "_rebuild_parameter") + P::Tuple({Pickled(), "\x88", P::OrderedDict()}) + "R";
  }
};

template <typename T>
std::string BytesOfNumbers(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// PyTorch 1.6 and later: `pickled` is the value alone; storages are keys with contents.
inline std::string PyTorchZip(const std::string& pickled,
                              const std::vector<std::pair<std::string, std::string>>& storages,
                              const std::string& byte_order = "little") {
  std::vector<std::pair<std::string, std::string>> entries = {{"archive/data.pkl", PickleText::Whole(pickled)},
                                                              {"archive/byteorder", byte_order}};
  for (const auto& [key, contents] : storages) entries.emplace_back("archive/data/" + key, contents);
  entries.emplace_back("archive/version", "3\n");
  return ZipOf(entries);
}

/// Before that. Contents of storages are float32.
inline std::string PyTorchLegacy(const std::string& pickled,
                                 const std::vector<std::pair<std::string, std::string>>& storages,
                                 bool little_endian = true) {
  using P = PickleText;
  std::string file = P::Whole(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12));
  file += P::Whole("M" + P::Little(1001, 2));
  file += P::Whole(P::Dict({{"little_endian", little_endian ? "\x88" : "\x89"}}));
  file += P::Whole(pickled);
  std::string keys = "](";
  for (const auto& [key, contents] : storages) keys += P::Text(key);
  file += P::Whole(keys + "e");
  for (const auto& [key, contents] : storages) file += P::Little(contents.size() / 4, 8) + contents;
  return file;
}

}  // namespace winnow
