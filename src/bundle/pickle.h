/// Python's pickle format (protocols 2 to 5; PEP 307, 3154, 574, and the opcode list in CPython's pickletools.py), read
/// as data. A pickle is a program for a stack machine that may call any function; this reader can only build the plain
/// values of PickleValue. Calls become values too, which describe the call: nothing is ever executed or looked up.
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
    kBool,    ///< a boolean: `integer` is 0 or 1
    kInt,     ///< a number of at most 8 bytes: `integer`
    kBigInt,  ///< `text`: little-endian two's complement of more than 8 bytes
    kFloat,   ///< a float, whose value is not stored
    kText,    ///< `text`: a string, or bytes
    kTuple,   ///< a tuple of `items`
    kList,    ///< a list of `items`
    kDict,    ///< `items`: keys and values alternately; of a repeated key the last value counts. Includes OrderedDict
    kGlobal,  ///< `text`: "module.name", one of the globals that were allowed
    kCall,    ///< `items`: a global, and the tuple of its arguments
    kPersistent,  ///< `items`: the id of an object that is stored outside the pickle
  };
  Kind kind = Kind::kNone;
  int64_t integer = 0;
  std::string text;
  std::vector<uint32_t> items;  ///< indices of values in the pickle; a value may contain itself
};

/// All values of one pickle, in one pool, so that no function recurses however values are nested.
struct Pickle {
  std::vector<PickleValue> values;
  uint32_t root = 0;
  size_t size = 0;  ///< number of bytes read, the end of the pickle included; more bytes may follow

  const PickleValue& operator[](uint32_t place) const { return values[place]; }
};

/// Reads the pickle at the beginning of `bytes`. `globals` are the only names ("module.name") that it may refer to. A
/// call of collections.OrderedDict without arguments makes a dict, and the state (attributes) that is set on a dict is
/// ignored. At most 16 MiB and a million values are read. `where` is the beginning of error messages. Errors:
/// kInvalidModel for a pickle that is incomplete or not valid; kUnsupported, naming it, for an opcode or a global that
/// is not allowed.
Result<Pickle> ParsePickle(std::span<const std::byte> bytes, std::span<const std::string_view> globals,
                           std::string_view where);

}  // namespace winnow
