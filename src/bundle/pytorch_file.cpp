#include "bundle/pytorch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/mapped_memory.h"
#include "bundle/pickle.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::array<std::string_view, 13> kGlobals = {
    "collections.OrderedDict", kRebuildTensor,        kRebuildParameter,   "torch.FloatStorage", "torch.HalfStorage",
    "torch.BFloat16Storage",   "torch.DoubleStorage", "torch.LongStorage", "torch.IntStorage",   "torch.ShortStorage",
    "torch.CharStorage",       "torch.ByteStorage",   "torch.BoolStorage"};
constexpr size_t kFirstStorage = 3;
constexpr std::array<DType, 10> kStorageTypes = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI64,
                                                 DType::kI32, DType::kI16, DType::kI8,   DType::kU8,  DType::kBool};
static_assert(kGlobals.size() == kFirstStorage + kStorageTypes.size());

constexpr size_t kMaxDimensions = 64;  // PyTorch's own bound
constexpr uint64_t kMaxCopies = 4;     // bytes of all tensors for each of the file
/// 0x1950a86a20f9469cfc6c, which opens the old form as a pickle of its own.
constexpr std::string_view kLegacyMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr int64_t kLegacyProtocol = 1001;

struct Storage {
  DType dtype = DType::kF32;
  int64_t count = 0;
  std::span<const std::byte> data;  // empty until it is found
};

std::unexpected<Error> BadModel(std::string_view where, const std::string& why) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where, why),
              "the file is damaged or incomplete: copy or download it again");
}

std::unexpected<Error> BigEndian(std::string_view where) {
  return Fail(ErrorCode::kUnsupported, fmt::format("{}: was written on a big-endian machine", where),
              "save the model as model.safetensors on that machine");
}

/// The storages that a pickle refers to, by key; data are not looked at yet.
Result<std::map<std::string, Storage>> ReferredStorages(const Pickle& pickle, std::string_view where) {
  std::map<std::string, Storage> storages;
  for (const PickleValue& value : pickle.values) {
    if (value.kind != Kind::kPersistent) continue;
    // ("storage", type, key, device, count), and in the old form a view, which nobody has written for years.
    const PickleValue& id = pickle[value.items[0]];
    const bool view = id.items.size() == 6 && pickle[id.items[5]].kind != Kind::kNone;
    if (id.kind != Kind::kTuple || id.items.size() < 5 || id.items.size() > 6 || view ||
        pickle[id.items[0]].text != "storage" || pickle[id.items[1]].kind != Kind::kGlobal ||
        pickle[id.items[2]].kind != Kind::kText || pickle[id.items[4]].kind != Kind::kInt)
      return BadModel(where, "refers to something that is not a tensor storage");
    const auto type =
        std::ranges::find(kGlobals.begin() + kFirstStorage, kGlobals.end(), std::string_view(pickle[id.items[1]].text));
    const Storage storage{type == kGlobals.end()
                              ? DType::kU8
                              : kStorageTypes[static_cast<size_t>(type - kGlobals.begin()) - kFirstStorage],
                          pickle[id.items[4]].integer,
                          {}};
    if (type == kGlobals.end() || storage.count < 0)
      return BadModel(where, "has a storage without a valid type or size");
    const auto [known, added] = storages.try_emplace(pickle[id.items[2]].text, storage);
    if (!added && (known->second.dtype != storage.dtype || known->second.count != storage.count))
      return BadModel(where, "describes the same storage in two ways");
  }
  return storages;
}

Result<void> Place(Storage& storage, std::span<const std::byte> data, std::string_view where) {
  int64_t bytes = 0;
  if (__builtin_mul_overflow(storage.count, static_cast<int64_t>(SizeOf(storage.dtype)), &bytes) ||
      static_cast<uint64_t>(bytes) != data.size()) {
    return BadModel(where, fmt::format("a storage of {} elements of type {} has {} bytes", storage.count,
                                       NameOf(storage.dtype), data.size()));
  }
  storage.data = data;
  return {};
}

/// Makes tensors of what a pickle says about them.
class TensorReader {
 public:
  TensorReader(const Pickle& pickle, const std::map<std::string, Storage>& storages, uint64_t file_bytes,
               std::string_view where)
      : pickle_(pickle), storages_(storages), left_(file_bytes * kMaxCopies), where_(where) {}

  Result<void> Read(PyTorchContents& contents) {
    const std::map<std::string, uint32_t> entries = Entries(FindStateDict());
    for (const auto& [name, place] : entries) {
      const std::optional<TensorView> tensor = TRY(ReadTensor(name, place, contents));
      if (tensor) contents.tensors.push_back(*tensor);
    }
    if (contents.tensors.empty())
      return Fail(ErrorCode::kInvalidModel, fmt::format("{}: contains no named tensors", where_),
                  "save the model's state_dict() with torch.save");
    return {};
  }

 private:
  bool IsTensor(uint32_t place) const { return pickle_[place].kind == Kind::kCall; }

  /// Entries with names that safetensors can hold too. The last of several with one name counts, as in Python.
  std::map<std::string, uint32_t> Entries(const PickleValue& dict) const {
    std::map<std::string, uint32_t> entries;
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = pickle_[dict.items[i]];
      if (key.kind == Kind::kText && !key.text.empty() && key.text != "__metadata__")
        entries.insert_or_assign(key.text, dict.items[i + 1]);
    }
    return entries;
  }

  const PickleValue& FindStateDict() const {
    static const PickleValue kEmpty;
    const PickleValue& root = pickle_[pickle_.root];
    if (root.kind != Kind::kDict) return kEmpty;
    const std::map<std::string, uint32_t> entries = Entries(root);
    for (const auto& [name, place] : entries) {
      if (IsTensor(place)) return root;
    }
    for (const char* name : {"state_dict", "model", "model_state_dict"}) {
      const auto found = entries.find(name);
      if (found != entries.end() && pickle_[found->second].kind == Kind::kDict) return pickle_[found->second];
    }
    return root;
  }

  /// Returns the sizes or the strides of a tensor, or nothing if the value is no tuple of them.
  std::optional<std::vector<int64_t>> Numbers(uint32_t place) const {
    const PickleValue& tuple = pickle_[place];
    if (tuple.kind != Kind::kTuple || tuple.items.size() > kMaxDimensions) return std::nullopt;
    std::vector<int64_t> numbers;
    for (const uint32_t item : tuple.items) {
      if (pickle_[item].kind != Kind::kInt || pickle_[item].integer < 0) return std::nullopt;
      numbers.push_back(pickle_[item].integer);
    }
    return numbers;
  }

  /// Metadata are None or a dict of booleans, such as {"neg": True}: the values are the negatives of the stored ones.
  Result<void> CheckMetadata(const std::string& name, uint32_t place) const {
    const PickleValue& metadata = pickle_[place];
    if (metadata.kind == Kind::kNone) return {};
    std::string what = metadata.kind == Kind::kDict ? "" : "metadata";
    for (size_t i = 0; i + 1 < metadata.items.size() && metadata.kind == Kind::kDict; i += 2) {
      const PickleValue& key = pickle_[metadata.items[i]];
      const PickleValue& value = pickle_[metadata.items[i + 1]];
      if (value.kind == Kind::kBool && value.integer == 0) continue;
      what = key.kind == Kind::kText && IsUtf8(key.text) ? key.text : "metadata";
    }
    if (what.empty()) return {};
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: tensor '{}' has '{}' set, which changes its stored values", where_, name, what),
                "save the model again with tensor.resolve_neg().resolve_conj() of each tensor, or as "
                "model.safetensors");
  }

  Result<std::optional<TensorView>> ReadTensor(const std::string& name, uint32_t place, PyTorchContents& contents) {
    if (!IsTensor(place)) return std::nullopt;
    // JSON replaces other bytes, and so could make two names one.
    if (!IsUtf8(name)) return BadModel(where_, "a tensor's name is not UTF-8");
    const auto bad = [&](const std::string& why) { return BadModel(where_, fmt::format("tensor '{}' {}", name, why)); };
    const PickleValue* call = &pickle_[place];
    if (pickle_[call->items[0]].text == kRebuildParameter) {  // (tensor, requires_grad, hooks)
      const PickleValue& arguments = pickle_[call->items[1]];
      if (arguments.items.empty() || !IsTensor(arguments.items[0])) return bad("is a parameter without a tensor");
      call = &pickle_[arguments.items[0]];
    }
    if (pickle_[call->items[0]].text != kRebuildTensor) return bad("is not created by a known tensor function");
    // (storage, offset, sizes, strides, requires_grad, hooks[, metadata])
    const PickleValue& arguments = pickle_[call->items[1]];
    if (arguments.items.size() < 6 || arguments.items.size() > 7 ||
        pickle_[arguments.items[0]].kind != Kind::kPersistent || pickle_[arguments.items[1]].kind != Kind::kInt)
      return bad("has an invalid description");
    if (arguments.items.size() == 7) TRY(CheckMetadata(name, arguments.items[6]));
    const Storage& storage = storages_.at(pickle_[pickle_[pickle_[arguments.items[0]].items[0]].items[2]].text);
    const int64_t offset = pickle_[arguments.items[1]].integer;
    const auto shape = Numbers(arguments.items[2]);
    const auto strides = Numbers(arguments.items[3]);
    if (!shape || !strides || shape->size() != strides->size() || offset < 0) return bad("has an invalid shape");

    int64_t count = 1;
    bool in_rows = true;
    for (size_t i = shape->size(); i-- > 0;) {
      in_rows = in_rows && ((*shape)[i] == 1 || (*strides)[i] == count);
      if (__builtin_mul_overflow(count, (*shape)[i], &count)) return bad("is too large for memory");
    }
    int64_t last = offset;  // the element that lies furthest back
    for (size_t i = 0; i < shape->size() && count > 0; ++i) {
      int64_t reach = 0;
      if (__builtin_mul_overflow((*shape)[i] - 1, (*strides)[i], &reach) || __builtin_add_overflow(last, reach, &last))
        return bad("has strides too large for memory");
    }
    const uint64_t element = SizeOf(storage.dtype);
    if (count > 0 && last >= storage.count) {
      return bad(fmt::format("has shape {} and refers to element {}, but its storage has {} elements",
                             ShapeText(*shape), last, storage.count));
    }
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(static_cast<uint64_t>(count), element, &bytes) || bytes > left_)
      return bad(fmt::format("has shape {}, which repeats the elements of its storage too often", ShapeText(*shape)));
    left_ -= bytes;

    TensorView tensor{name, storage.dtype, *shape, {}};
    if (count > 0 && in_rows) {
      tensor.data = storage.data.subspan(static_cast<uint64_t>(offset) * element, bytes);
    } else if (count > 0) {
      contents.copies.push_back(
          Gather(storage.data.subspan(static_cast<uint64_t>(offset) * element), *shape, *strides, bytes, element));
      tensor.data = {contents.copies.back().get(), bytes};
    }
    return tensor;
  }

  /// Copies elements into rows. The shape has no zero in it.
  static std::unique_ptr<std::byte[]> Gather(std::span<const std::byte> from, std::span<const int64_t> shape,
                                             std::span<const int64_t> strides, uint64_t bytes, uint64_t element) {
    auto to = std::make_unique_for_overwrite<std::byte[]>(bytes);
    std::vector<int64_t> index(shape.size());
    uint64_t source = 0;
    for (uint64_t written = 0; written < bytes; written += element) {
      std::memcpy(to.get() + written, from.data() + source * element, element);
      for (size_t i = shape.size(); i-- > 0;) {  // the next index, as an odometer counts
        source += static_cast<uint64_t>(strides[i]);
        if (++index[i] < shape[i]) break;
        source -= static_cast<uint64_t>(strides[i]) * static_cast<uint64_t>(shape[i]);
        index[i] = 0;
      }
    }
    return to;
  }

  const Pickle& pickle_;
  const std::map<std::string, Storage>& storages_;
  uint64_t left_;
  std::string_view where_;
};

/// <name>/data.pkl, <name>/data/<key>, and perhaps <name>/byteorder.
Result<PyTorchContents> ParseZip(std::span<const std::byte> bytes, std::string_view where) {
  std::map<std::string_view, const StoredEntry*> by_name;
  const std::vector<StoredEntry> entries = TRY(ReadStoredZip(bytes, where));
  const StoredEntry* pickled = nullptr;
  for (const StoredEntry& entry : entries) {
    if (!by_name.emplace(entry.name, &entry).second) return BadModel(where, "contains two files with the same name");
    if (entry.name != "data.pkl" && !entry.name.ends_with("/data.pkl")) continue;
    if (pickled != nullptr) return BadModel(where, "contains two files 'data.pkl'");
    pickled = &entry;
  }
  if (pickled == nullptr)
    return Fail(ErrorCode::kInvalidModel, fmt::format("{}: is a zip file, but not one that torch.save wrote", where));
  const std::string prefix = pickled->name.substr(0, pickled->name.size() - std::string_view("data.pkl").size());
  const auto find = [&](const std::string& name) -> const StoredEntry* {
    const auto found = by_name.find(prefix + name);
    return found == by_name.end() ? nullptr : found->second;
  };
  if (const StoredEntry* order = find("byteorder")) {
    const std::string_view text(reinterpret_cast<const char*>(order->data.data()), order->data.size());
    if (text != "little") return BigEndian(where);
  }
  TRY(CheckSum(*pickled, where));
  const Pickle pickle = TRY(ParsePickle(pickled->data, kGlobals, where));
  PyTorchContents contents;
  std::map<std::string, Storage> storages = TRY(ReferredStorages(pickle, where));
  for (auto& [key, storage] : storages) {
    const StoredEntry* entry = find("data/" + key);
    if (entry == nullptr) return BadModel(where, "a storage of tensors is missing");
    TRY(Place(storage, entry->data, where));
    contents.storages.push_back(*entry);
  }
  TRY(TensorReader(pickle, storages, bytes.size(), where).Read(contents));
  return contents;
}

/// Reads the older format, which has from `position` on, behind the magic number: pickles of a protocol version, facts
/// about the machine, the state dict, and a list of keys; then for each key the number of its elements (8 bytes), and
/// the elements.
Result<PyTorchContents> ParseLegacy(std::span<const std::byte> bytes, size_t position, std::string_view where) {
  const auto next = [&]() -> Result<Pickle> {
    Pickle pickle = TRY(ParsePickle(bytes.subspan(position), kGlobals, where));
    position += pickle.size;
    return pickle;
  };
  const Pickle protocol = TRY(next());
  if (protocol[protocol.root].kind != Kind::kInt || protocol[protocol.root].integer != kLegacyProtocol)
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: this version of PyTorch's legacy file format is not supported", where),
                "save the model again with a current version of PyTorch (torch.save)");
  const Pickle machine = TRY(next());
  const PickleValue& facts = machine[machine.root];
  for (size_t i = 0; facts.kind == Kind::kDict && i + 1 < facts.items.size(); i += 2) {
    const PickleValue& value = machine[facts.items[i + 1]];
    if (machine[facts.items[i]].text == "little_endian" && value.kind == Kind::kBool && value.integer == 0)
      return BigEndian(where);
  }
  const Pickle pickle = TRY(next());
  const Pickle keys = TRY(next());
  if (keys[keys.root].kind != Kind::kList) return BadModel(where, "has no list of storages");
  std::map<std::string, Storage> storages = TRY(ReferredStorages(pickle, where));
  size_t placed = 0;
  for (const uint32_t item : keys[keys.root].items) {
    const auto found = keys[item].kind == Kind::kText ? storages.find(keys[item].text) : storages.end();
    if (found == storages.end() || found->second.data.data() != nullptr)
      return BadModel(where, "lists a storage that no tensor uses, or the same storage twice");
    const std::span<const std::byte> rest = bytes.subspan(position);
    int64_t count = 0;
    if (rest.size() < sizeof count) return BadModel(where, "is truncated between two storages");
    std::memcpy(&count, rest.data(), sizeof count);
    const uint64_t element = SizeOf(found->second.dtype);
    if (count != found->second.count || static_cast<uint64_t>(count) > (rest.size() - sizeof count) / element)
      return BadModel(
          where, fmt::format("a storage of {} elements is truncated or has a different size", found->second.count));
    const uint64_t size = static_cast<uint64_t>(count) * element;
    TRY(Place(found->second, rest.subspan(sizeof count, size), where));
    position += sizeof count + size;
    ++placed;
  }
  if (placed != storages.size()) return BadModel(where, "a storage of tensors is missing");
  PyTorchContents contents;
  TRY(TensorReader(pickle, storages, bytes.size(), where).Read(contents));
  return contents;
}

}  // namespace

Result<PyTorchContents> ParsePyTorch(std::span<const std::byte> bytes, std::string_view where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("PK\x03\x04")) return ParseZip(bytes, where);
  if (text.starts_with('\x80')) {  // a pickle begins
    const Pickle first = TRY(ParsePickle(bytes, kGlobals, where));
    if (first[first.root].kind == Kind::kBigInt && first[first.root].text == kLegacyMagic)
      return ParseLegacy(bytes, first.size, where);
  }
  std::string hint = "check that the file is the pytorch_model.bin of a model";
  if (text.starts_with("version https://git-lfs"))
    hint = "this is a Git LFS pointer: download the file itself (git lfs pull)";
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: is not a file that torch.save wrote", where), hint);
}

Result<PyTorchFile> PyTorchFile::Open(const std::filesystem::path& path) {
  PyTorchFile result;
  result.path_ = path;
  result.file_ = TRY(MappedFile::Open(path));
  result.contents_ = TRY(ParsePyTorch(result.file_.bytes(), path.string()));
  return result;
}

Result<void> PyTorchFile::CheckFile() const { return CheckMapped(file_.bytes().data()); }

Result<void> PyTorchFile::CheckSums() const {
  for (const StoredEntry& storage : contents_.storages) TRY(CheckSum(storage, path_.string()));
  return {};
}

}  // namespace winnow
