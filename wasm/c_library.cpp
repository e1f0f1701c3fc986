// Functions of the C and C++ libraries in place of those that bring more with them than the module needs.
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

// The end of the program without a message, whose printing would be a large part of the module.

_LIBCPP_BEGIN_NAMESPACE_STD

void __libcpp_verbose_abort(const char*, ...) { std::abort(); }

_LIBCPP_END_NAMESPACE_STD

extern "C" void abort_message(const char*, ...) { std::abort(); }

/// What is local to the only thread lives as long as the module.
extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }

/// Libraries print by snprintf the characters that JSON forbids, as "<U+001F>", and hexadecimal floating-point numbers,
/// which nothing here asks for. Other formats end the program.
extern "C" int snprintf(char* out, size_t size, const char* format, ...) {
  if (std::strcmp(format, "<U+%.4X>") != 0 || size < sizeof "<U+0000>") std::abort();
  va_list arguments;
  va_start(arguments, format);
  const unsigned character = va_arg(arguments, unsigned);
  va_end(arguments);
  std::memcpy(out, "<U+0000>", sizeof "<U+0000>");
  for (int i = 0; i < 4; ++i) out[3 + i] = "0123456789ABCDEF"[character >> (12 - 4 * i) & 15];
  return sizeof "<U+0000>" - 1;
}
