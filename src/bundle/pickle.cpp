#include "bundle/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace winnow {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxValues = 1'000'000;  // a model of a thousand tensors has some thirty thousand
constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr size_t kMaxName = 256;
constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRefusal = "is not allowed, because tensors do not need it; nothing was executed";

/// The opcodes that are read: those that Python's pickle module writes for a dict of tensors.
enum Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kBinFloat = 'G',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kReduce = 'R',
  kBuild = 'b',
  kBinPersId = 'Q',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kBinGet = 'h',
  kLongBinGet = 'j',
  kProto = 0x80,
  kFrame = 0x95,
};

/// Names of the opcodes that a hostile file is likely to hold, for the message.
std::string NameOfOpcode(uint8_t opcode) {
  struct Named {
    uint8_t opcode;
    std::string_view name;
  };
  constexpr Named kNamed[] = {{'i', "INST"},   {'o', "OBJ"},        {0x81, "NEWOBJ"},     {0x92, "NEWOBJ_EX"},
                              {0x82, "EXT1"},  {0x83, "EXT2"},      {0x84, "EXT4"},       {'P', "PERSID"},
                              {'d', "DICT"},   {'l', "LIST"},       {'0', "POP"},         {'1', "POP_MARK"},
                              {'2', "DUP"},    {0x8f, "EMPTY_SET"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"},
                              {0x8b, "LONG4"}, {0x90, "ADDITEMS"},  {0x91, "FROZENSET"},  {'I', "INT"},
                              {'L', "LONG"},   {'F', "FLOAT"},      {'S', "STRING"},      {'V', "UNICODE"},
                              {'p', "PUT"},    {'g', "GET"},        {0x8e, "BINBYTES8"},  {0x98, "READONLY_BUFFER"}};
  for (const Named& each : kNamed) {
    if (each.opcode == opcode) return fmt::format("{} (0x{:02x})", each.name, opcode);
  }
  return fmt::format("0x{:02x}", opcode);
}

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, std::span<const std::string_view> globals, std::string_view where)
      : bytes_(bytes.first(std::min(bytes.size(), kMaxBytes))), globals_(globals), where_(where) {}

  Result<Pickle> Run() {
    for (;;) {
      const auto opcode = static_cast<uint8_t>(TRY(Number(1)));
      if (opcode == kStop) break;
      TRY(Step(opcode));
      if (pickle_.values.size() > kMaxValues)
        return Bad(fmt::format("creates more than {} values, too many for a dict of tensors", kMaxValues));
    }
    pickle_.root = TRY(Pop());
    if (!stack_.empty() || !marks_.empty()) return Bad("leaves more than one value at its end");
    pickle_.size = position_;
    return std::move(pickle_);
  }

 private:
  std::unexpected<Error> Bad(const std::string& why) const {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: not a valid pickle: it {} (byte {})", where_, why, position_),
                "the file is damaged or incomplete: copy or download it again");
  }
  std::unexpected<Error> Refuse(const std::string& what) const {
    return Fail(ErrorCode::kUnsupported, fmt::format("{}: {} {}", where_, what, kRefusal),
                "do not open this file with other programs unless you trust it; a model.safetensors is safe");
  }

  Result<std::span<const std::byte>> Take(uint64_t count) {
    if (count > bytes_.size() - position_)
      return Bad(bytes_.size() < kMaxBytes ? "is truncated" : "is too long for a list of tensors");
    const std::span<const std::byte> taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  /// Takes an unsigned little-endian number of `width` bytes.
  Result<uint64_t> Number(size_t width) {
    const std::span<const std::byte> taken = TRY(Take(width));
    uint64_t value = 0;
    std::memcpy(&value, taken.data(), width);
    return value;
  }

  Result<std::string> Text(size_t length_width) {
    const std::span<const std::byte> taken = TRY(Take(TRY(Number(length_width))));
    return std::string(reinterpret_cast<const char*>(taken.data()), taken.size());
  }

  /// Takes the bytes up to a newline, and returns them without it.
  Result<std::string> Line() {
    const std::span<const std::byte> rest = bytes_.subspan(position_);
    const auto end = std::ranges::find(rest.first(std::min(rest.size(), kMaxName)), std::byte{'\n'});
    const auto length = static_cast<size_t>(end - rest.begin());
    if (length == std::min(rest.size(), kMaxName)) return Bad("has a name that is not terminated");
    position_ += length + 1;
    return std::string(reinterpret_cast<const char*>(rest.data()), length);
  }

  /// Values below the last mark belong to what is being built around this.
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Result<uint32_t> Pop() {
    if (stack_.size() <= Floor()) return Bad("takes a value from an empty stack");
    const uint32_t value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Result<std::vector<uint32_t>> PopToMark() {
    if (marks_.empty()) return Bad("closes a sequence that was not opened");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<uint32_t> values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return values;
  }
  Result<PickleValue*> Top(Kind kind) {
    if (stack_.size() <= Floor()) return Bad("adds values to an empty stack");
    PickleValue* value = &pickle_.values[stack_.back()];
    if (value->kind != kind) return Bad("adds values to something that is not a list or dict");
    return value;
  }

  Result<void> Push(PickleValue value) {
    stack_.push_back(static_cast<uint32_t>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
    return {};
  }
  Result<void> PushInt(int64_t value) { return Push({Kind::kInt, value, {}, {}}); }
  Result<void> PushText(std::string text) { return Push({Kind::kText, 0, std::move(text), {}}); }
  Result<void> PushItems(Kind kind, std::vector<uint32_t> items) { return Push({kind, 0, {}, std::move(items)}); }

  Result<void> PushTuple(size_t count) {
    std::vector<uint32_t> items(count);
    for (size_t i = count; i > 0; --i) items[i - 1] = TRY(Pop());
    return PushItems(Kind::kTuple, std::move(items));
  }

  Result<void> PushLong() {
    const std::span<const std::byte> digits = TRY(Take(TRY(Number(1))));
    if (digits.size() > 8)
      return Push({Kind::kBigInt, 0, std::string(reinterpret_cast<const char*>(digits.data()), digits.size()), {}});
    uint64_t value = !digits.empty() && (digits.back() & std::byte{0x80}) != std::byte{} ? ~uint64_t{0} : 0;
    if (!digits.empty()) std::memcpy(&value, digits.data(), digits.size());
    return PushInt(static_cast<int64_t>(value));
  }

  Result<void> PushGlobal(const std::string& module, const std::string& name) {
    const std::string global = module + "." + name;
    if (std::ranges::find(globals_, std::string_view(global)) == globals_.end())
      return Refuse(fmt::format("'{}'", Printable(global)));
    return Push({Kind::kGlobal, 0, global, {}});
  }

  /// A hostile file's own words go to a terminal.
  static std::string Printable(std::string text) {
    if (text.size() > kMaxName) text.resize(kMaxName);
    for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
    return text;
  }

  Result<void> StackGlobal() {
    const uint32_t name = TRY(Pop());
    const uint32_t module = TRY(Pop());
    if (pickle_[name].kind != Kind::kText || pickle_[module].kind != Kind::kText)
      return Bad("uses a name that is not text");
    return PushGlobal(pickle_[module].text, pickle_[name].text);
  }

  Result<void> Reduce() {
    const uint32_t arguments = TRY(Pop());
    const uint32_t function = TRY(Pop());
    if (pickle_[function].kind != Kind::kGlobal || pickle_[arguments].kind != Kind::kTuple)
      return Refuse("a call of something other than a named function");
    if (pickle_[function].text != kOrderedDict) return PushItems(Kind::kCall, {function, arguments});
    if (!pickle_[arguments].items.empty()) return Refuse("an OrderedDict with arguments");
    return PushItems(Kind::kDict, {});
  }

  /// A state dict's attributes: '_metadata', versions of its modules.
  Result<void> Build() {
    static_cast<void>(TRY(Pop()));
    if (stack_.size() <= Floor() || pickle_[stack_.back()].kind != Kind::kDict)
      return Refuse("setting the state of something other than a dict");
    return {};
  }

  Result<void> Extend(Kind kind, std::vector<uint32_t> values) {
    PickleValue* target = TRY(Top(kind));
    if (kind == Kind::kDict && values.size() % 2 != 0) return Bad("has a key without a value");
    target->items.insert(target->items.end(), values.begin(), values.end());
    return {};
  }

  Result<void> Put(uint64_t index) {
    if (stack_.size() <= Floor()) return Bad("memoizes a value of an empty stack");
    memo_.insert_or_assign(static_cast<uint32_t>(index), stack_.back());
    return {};
  }
  Result<void> Get(uint64_t index) {
    const auto found = memo_.find(static_cast<uint32_t>(index));
    if (found == memo_.end()) return Bad(fmt::format("refers to value {}, which was not memoized", index));
    stack_.push_back(found->second);
    return {};
  }

  /// Runs one opcode, of which the operands follow in the file.
  Result<void> Step(uint8_t opcode) {
    switch (opcode) {
      case kProto: {
        const uint64_t protocol = TRY(Number(1));
        if (protocol < 2 || protocol > 5)
          return Fail(ErrorCode::kUnsupported, fmt::format("{}: is a pickle of protocol {}", where_, protocol),
                      "protocols 2 to 5 are supported");
        return {};
      }
      case kFrame:
        static_cast<void>(TRY(Number(8)));  // how much a reader may want to fetch at once
        return {};
      case kMark:
        marks_.push_back(stack_.size());
        return {};
      case kEmptyTuple:
        return PushItems(Kind::kTuple, {});
      case kTuple1:
      case kTuple2:
      case kTuple3:
        return PushTuple(static_cast<size_t>(opcode - kTuple1) + 1);
      case kTuple:
        return PushItems(Kind::kTuple, TRY(PopToMark()));
      case kEmptyList:
        return PushItems(Kind::kList, {});
      case kAppend:
        return Extend(Kind::kList, {TRY(Pop())});
      case kAppends:
        return Extend(Kind::kList, TRY(PopToMark()));
      case kEmptyDict:
        return PushItems(Kind::kDict, {});
      case kSetItem: {
        const uint32_t value = TRY(Pop());
        const uint32_t key = TRY(Pop());
        return Extend(Kind::kDict, {key, value});
      }
      case kSetItems:
        return Extend(Kind::kDict, TRY(PopToMark()));
      case kGlobal: {
        const std::string module = TRY(Line());
        return PushGlobal(module, TRY(Line()));
      }
      case kStackGlobal:
        return StackGlobal();
      case kReduce:
        return Reduce();
      case kBuild:
        return Build();
      case kBinPersId:
        return PushItems(Kind::kPersistent, {TRY(Pop())});
      case kBinPut:
        return Put(TRY(Number(1)));
      case kLongBinPut:
        return Put(TRY(Number(4)));
      case kMemoize:
        return Put(memo_.size());
      case kBinGet:
        return Get(TRY(Number(1)));
      case kLongBinGet:
        return Get(TRY(Number(4)));
      default:
        return PushScalar(opcode);
    }
  }

  /// Runs an opcode that pushes a number, a truth value or a text; refuses all others.
  Result<void> PushScalar(uint8_t opcode) {
    switch (opcode) {
      case kNone:
        return Push({});
      case kNewTrue:
      case kNewFalse:
        return Push({Kind::kBool, opcode == kNewTrue, {}, {}});
      case kBinInt:
        return PushInt(static_cast<int32_t>(static_cast<uint32_t>(TRY(Number(4)))));
      case kBinInt1:
        return PushInt(static_cast<int64_t>(TRY(Number(1))));
      case kBinInt2:
        return PushInt(static_cast<int64_t>(TRY(Number(2))));
      case kLong1:
        return PushLong();
      case kBinFloat:
        static_cast<void>(TRY(Take(8)));
        return Push({Kind::kFloat, 0, {}, {}});
      case kShortBinString:
      case kShortBinUnicode:
      case kShortBinBytes:
        return PushText(TRY(Text(1)));
      case kBinString:
      case kBinUnicode:
      case kBinBytes:
        return PushText(TRY(Text(4)));
      case kBinUnicode8:
        return PushText(TRY(Text(8)));
      default:
        return Refuse("pickle opcode " + NameOfOpcode(opcode));
    }
  }

  std::span<const std::byte> bytes_;
  std::span<const std::string_view> globals_;
  std::string_view where_;
  size_t position_ = 0;
  Pickle pickle_;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint32_t, uint32_t> memo_;
};

}  // namespace

Result<Pickle> ParsePickle(std::span<const std::byte> bytes, std::span<const std::string_view> globals,
                           std::string_view where) {
  return Machine(bytes, globals, where).Run();
}

}  // namespace winnow
