/// glibc's malloc under a limit of the address space (ulimit -v).
#pragma once

namespace winnow {

/// Has all threads share one arena of malloc if the address space of the process is limited. Otherwise threads have
/// arenas of their own, which grow in steps of 64 MB of address space; where the limit leaves no room for a further
/// step, malloc maps a page of its own for each small block (sysmalloc in glibc's malloc.c), at the cost of a system
/// call and a page fault. To be called before threads start.
void ShareArenaIfLimited();

}  // namespace winnow
