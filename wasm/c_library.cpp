// Functions of the C and C++ libraries in place of those that bring more with them than the module needs.
#include <cstdlib>
#include <string>

// The end of the program without a message, whose printing would be a large part of the module.

_LIBCPP_BEGIN_NAMESPACE_STD

void __libcpp_verbose_abort(const char*, ...) { std::abort(); }

_LIBCPP_END_NAMESPACE_STD

extern "C" void abort_message(const char*, ...) { std::abort(); }

/// What is local to the only thread lives as long as the module.
extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }
