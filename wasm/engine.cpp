// What linear models and tokenizers share: memory, files, errors and warnings.
#include "engine.h"

#include <cstdlib>
#include <string>

#include "engine_state.h"
#include "memory_files.h"
#include "warnings.h"

namespace winnow {
namespace {

std::string& LastWarnings() {
  static std::string lines;
  return lines;
}

}  // namespace

std::string& LastError() {
  static std::string message;
  return message;
}

void EndLoad(const Error* error) {
  RemoveMemoryFiles();
  LastWarnings() = TakeWarnings();
  if (error != nullptr) LastError() = error->Text();
}

}  // namespace winnow

extern "C" {

WINNOW_EXPORT(winnow_allocate) void* winnow_allocate(size_t bytes) { return std::malloc(bytes); }
WINNOW_EXPORT(winnow_free) void winnow_free(void* memory) { std::free(memory); }

WINNOW_EXPORT(winnow_add_file)
void winnow_add_file(const char* name, size_t name_size, std::byte* bytes, size_t size) {
  winnow::AddMemoryFile(std::string(name, name_size), bytes, size);
}

WINNOW_EXPORT(winnow_warnings) const char* winnow_warnings() { return winnow::LastWarnings().c_str(); }
WINNOW_EXPORT(winnow_error) const char* winnow_error() { return winnow::LastError().c_str(); }

}  // extern "C"
