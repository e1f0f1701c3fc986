/// Renames that C's rename does not offer, by the system's own calls.
#pragma once

namespace winnow {

/// Gives two existing files or directories each other's names, in one step. Paths are relative to the working
/// directory. Returns 0 or the number of the system's error: EINVAL where the file system cannot do it, ENOSYS where
/// the system cannot.
int ExchangeNames(const char* a, const char* b);

/// Renames `from` in the open directory `from_directory` to `to` in `to_directory`, unless that exists. Returns 0 or
/// the number of the system's error: EEXIST; EINVAL where the file system cannot do it, ENOSYS where the system cannot.
int RenameWithoutReplacing(int from_directory, const char* from, int to_directory, const char* to);

}  // namespace winnow
