/// Python's pickle format (protocols 2 to 5; PEP 307, 3154, 574, and the opcode list in CPython's pickletools.py) read
/// as data. A pickle is a program for a stack machine that may call anything; here it can only build the plain values
/// below. Calls become values too, which say what would have been called: nothing is ever executed or looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,        ///< `integer` is 0 or 1
    kInt,         ///< `integer`
    kBigInt,      ///< `text`: little-endian two's complement of more than 8 bytes
    kFloat,       ///< a float, whose value is not kept
    kText,        ///< `text`: a string, or bytes
    kTuple,       ///< `items`
    kList,        ///< `items`
    kDict,        ///< `items`: keys and values in turn; a key may be repeated, the last one counts. OrderedDict too
    kGlobal,      ///< `text`: "module.name", one of those that were allowed
    kCall,        ///< `items`: a global, and the tuple of its arguments
    kPersistent,  ///< `items`: the id of something that lies outside of the pickle
  };
  Kind kind = Kind::kNone;
  int64_t integer = 0;
  std::string text;
  std::vector<uint32_t> items;  ///< places in the pickle; a value may contain itself
};

/// All values of one pickle, in one pool: nothing here recurses, whatever contains what.
struct Pickle {
  std::vector<PickleValue> values;
  uint32_t root = 0;
  size_t size = 0;  ///< bytes read, up to and with the end of the pickle; more may follow

  const PickleValue& operator[](uint32_t place) const { return values[place]; }
};

/// Reads the pickle that `bytes` begin with. `globals` are the only names ("module.name") that it may refer to; a call
/// of collections.OrderedDict without arguments makes a dict, and state that is set on one (its attributes) is passed
/// over. At most 16 MiB and a million values are read. `where` opens the messages. Errors:
/// kInvalidModel for what breaks off or makes no sense; kUnsupported, naming it, for an opcode or a global that is not
/// allowed.
Result<Pickle> ParsePickle(std::span<const std::byte> bytes, std::span<const std::string_view> globals,
                           std::string_view where);

}  // namespace winnow
