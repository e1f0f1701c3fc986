#include "capi/c_error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

struct winnow_error {
  winnow_code code = WINNOW_INTERNAL;
  std::string message, hint;
};

namespace winnow {
namespace {

static_assert(static_cast<int>(ErrorCode::kInvalidArgument) + 1 == WINNOW_INVALID_ARGUMENT);
static_assert(static_cast<int>(ErrorCode::kInternal) + 1 == WINNOW_INTERNAL);

/// What is handed over where there is no memory for the error itself. Never freed. Its texts are short enough to need
/// no memory.
winnow_error& NoMemory() {
  static winnow_error error{.code = WINNOW_INTERNAL, .message = "out of memory", .hint = ""};
  return error;
}

}  // namespace

winnow_code HandOver(Error error, winnow_error** out) noexcept {
  const auto code = static_cast<winnow_code>(static_cast<int>(error.code) + 1);
  if (out == nullptr) return code;
  std::ranges::replace(error.message, '\0', '?');  // of a value that it quotes; the text would end there
  *out = new (std::nothrow) winnow_error{code, std::move(error.message), std::move(error.hint)};
  if (*out == nullptr) *out = &NoMemory();
  return code;
}

winnow_code HandOver(ErrorCode code, const char* message, const char* hint, winnow_error** out) noexcept {
  try {
    return HandOver(Error{code, message, hint}, out);
  } catch (const std::bad_alloc&) {
    if (out != nullptr) *out = &NoMemory();
    return WINNOW_INTERNAL;
  }
}

char* CopyForCaller(std::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::copy(text.begin(), text.end(), copy);
  copy[text.size()] = '\0';
  return copy;
}

Result<void> CopyOptions(const void* given, size_t given_size, size_t first_size, void* known, size_t known_size,
                         const char* name) {
  if (given_size < first_size) {
    return Fail(ErrorCode::kInvalidArgument,
                std::string(name) + ": size is " + std::to_string(given_size) + ", expected at least " +
                    std::to_string(first_size),
                std::string("initialise it with: ") + name + " options = {.size = sizeof options}");
  }
  const auto* bytes = static_cast<const char*>(given);
  for (size_t i = known_size; i < given_size; ++i) {
    if (bytes[i] == 0) continue;
    return Fail(ErrorCode::kUnsupported,
                std::string(name) + " sets a member that this version of the library does not have",
                "install a newer libwinnow, or leave the member 0");
  }
  std::memcpy(known, given, std::min(given_size, known_size));
  return {};
}

}  // namespace winnow

winnow_code winnow_error_code(const winnow_error* error) { return error == nullptr ? WINNOW_OK : error->code; }
const char* winnow_error_message(const winnow_error* error) { return error == nullptr ? "" : error->message.c_str(); }
const char* winnow_error_hint(const winnow_error* error) { return error == nullptr ? "" : error->hint.c_str(); }
void winnow_error_free(winnow_error* error) {
  if (error != &winnow::NoMemory()) delete error;
}

void winnow_string_free(char* text) { std::free(text); }

const char* winnow_version() { return WINNOW_VERSION; }

const char* winnow_code_name(winnow_code code) {
  static constexpr const char* kNames[] = {"Ok", "InvalidArgument", "InvalidData", "InvalidModel", "NotFound", "Exists",
                                           "Io", "Network",         "Cancelled",   "Unsupported",  "Internal"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "Unknown";
}
