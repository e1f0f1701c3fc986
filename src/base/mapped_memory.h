/// Mapped files that other programs truncate or overwrite while they are in use.
///
/// Reading a page of a mapping beyond the end of its file raises SIGBUS, which ends a process that does not handle it.
/// GuardMappedMemory handles it: the rest of the mapping becomes zeros, and CheckMapped tells the reader, who discards
/// what was computed from them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace winnow {

/// Handles SIGBUS for mapped files, for the rest of the process. For programs: a library must not take the signals of
/// the program that it is part of.
void GuardMappedMemory();

/// Checks that the file that is mapped at this address has had its size and its time of modification since it was
/// mapped and that all of it could be read. An address that belongs to no mapped file (base/files.h) passes. To be
/// called after the memory was read. Takes less than a microsecond. Thread-safe. Errors: kIo.
Result<void> CheckMapped(const void* address);

/// Registers a mapping for the two functions above; `fd` is the mapped file, and is closed by ForgetMapping. For
/// MappedFile. Beyond a thousand mappings at the same time, further ones are not registered.
void RegisterMapping(std::span<const std::byte> bytes, int fd, const std::filesystem::path& path);
void ForgetMapping(std::span<const std::byte> bytes);

}  // namespace winnow
