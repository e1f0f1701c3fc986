/// Files of a bundle in memory, which the functions of base/files.h read here.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace winnow {

/// The directory that the files seem to lie in.
inline constexpr char kMemoryBundle[] = "bundle";

/// Adds a file, or replaces it. Takes over `bytes`, which std::malloc allocated.
void AddMemoryFile(std::string name, std::byte* bytes, size_t size);

/// Returns true if the file has been added and not been opened by MappedFile since.
bool HasMemoryFile(const std::filesystem::path& path);

/// Releases the files that have not been opened by MappedFile.
void RemoveMemoryFiles();

}  // namespace winnow
