/// Refusal of CPUs that lack instructions which the compiler was allowed to use everywhere.
#pragma once

namespace winnow {

/// Ends the process with status 1 and one sentence on standard error if this CPU lacks an instruction set that the
/// whole program was compiled for (CXXFLAGS such as -march=haswell); without it, the process would end by SIGILL
/// somewhere. Without such flags a program for x86-64 runs on every such CPU, and this does nothing; nor does it on
/// other processors. Runs by itself before any static constructor; main calls it so that the linker takes it.
void RequireCpuOfBuild();

}  // namespace winnow
