/// Runs AMX's tile instructions on CPUs without them: such a CPU raises an exception for each, and the handler of its
/// signal (SIGILL) decodes the instruction and carries it out on the emulated tiles of kernels/reference/tiles.h. So
/// what the compiler and the assembler made of kernels/amx_tiles.cpp is tested everywhere.
#pragma once

#if defined(__x86_64__)

#include <signal.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "kernels/reference/tiles.h"

namespace winnow {

/// While an object lives, tile instructions of this process are carried out by emulation. Not for CPUs with AMX, which
/// raise no signal.
class TrappedTiles {
 public:
  TrappedTiles() {
    struct sigaction action = {};
    action.sa_sigaction = &Handle;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGILL, &action, &before_);
  }
  ~TrappedTiles() { ::sigaction(SIGILL, &before_, nullptr); }
  TrappedTiles(const TrappedTiles&) = delete;
  TrappedTiles& operator=(const TrappedTiles&) = delete;

  /// Returns the number of instructions that were carried out.
  static int64_t count() { return count_; }

 private:
  /// A VEX-encoded instruction of three-byte form with a ModRM byte (Software Developer's Manual, volume 2, chapter 2).
  struct Instruction {
    int prefix;     // VEX.pp: 0 none, 1 66, 2 F3, 3 F2
    int opcode;     // in the map 0F38
    int reg;        // ModRM.reg
    int vvvv;       // VEX.vvvv
    bool memory;    // whether ModRM names memory
    int rm;         // ModRM.rm, of a register
    char* address;  // base + displacement, of memory
    int64_t index;  // value of the index register, times the scale
    int64_t length;
  };

  static int64_t Register(const ucontext_t& context, int number) {
    constexpr std::array<int, 16> kPlaces = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                             REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return context.uc_mcontext.gregs[kPlaces[static_cast<size_t>(number)]];
  }

  /// Reads the memory operand that follows the ModRM byte at code[4].
  static bool ReadAddress(const ucontext_t& context, const uint8_t* code, bool extend_index, bool extend_base,
                          Instruction& instruction) {
    const int mode = code[4] >> 6;
    const uint8_t* next = code + 5;
    int base = code[4] & 7;
    if (base == 4) {
      const int sib = *next++, index = (sib >> 3 & 7) + (extend_index ? 8 : 0);
      base = sib & 7;
      if (index != 4) instruction.index = Register(context, index) * (int64_t{1} << (sib >> 6));
    }
    if (mode == 0 && base == 5) return false;  // no base register: not among what is emulated
    int64_t displacement = 0;
    if (mode == 1) {
      displacement = (*next++ ^ 0x80) - 0x80;  // with its sign
    } else if (mode == 2) {
      int32_t wide;
      std::memcpy(&wide, next, 4);
      displacement = wide;
      next += 4;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): registers hold addresses as numbers
    instruction.address = reinterpret_cast<char*>(Register(context, base + (extend_base ? 8 : 0)) + displacement);
    instruction.length = next - code;
    return true;
  }

  static bool Decode(const ucontext_t& context, const uint8_t* code, Instruction& instruction) {
    const bool is_vex_0f38 = code[0] == 0xc4 && (code[1] & 0x1f) == 2 && (code[2] & 0x84) == 0;  // W0, 128 bits
    if (!is_vex_0f38) return false;
    instruction = {.prefix = code[2] & 3,
                   .opcode = code[3],
                   .reg = code[4] >> 3 & 7,
                   .vvvv = ~(code[2] >> 3) & 15,
                   .memory = code[4] < 0xc0,
                   .rm = code[4] & 7,
                   .address = nullptr,
                   .index = 0,
                   .length = 5};
    return !instruction.memory || ReadAddress(context, code, (code[1] & 0x40) == 0, (code[1] & 0x20) == 0, instruction);
  }

  static bool CarryOut(const Instruction& i) {
    reference::Tiles& tiles = reference::Tiles::OfThread();
    if (i.opcode == 0x49 && i.prefix == 0 && i.memory && i.reg == 0) {
      TileConfig config;
      std::memcpy(&config, i.address + i.index, sizeof config);
      tiles.Configure(config);
    } else if (i.opcode == 0x49 && i.prefix == 0 && !i.memory && i.reg == 0 && i.rm == 0) {
      tiles.Release();
    } else if (i.opcode == 0x49 && i.prefix == 3 && !i.memory && i.rm == 0) {
      tiles.Zero(i.reg);
    } else if (i.opcode == 0x4b && i.prefix == 3 && i.memory) {
      tiles.Load(i.reg, i.address, i.index);
    } else if (i.opcode == 0x4b && i.prefix == 2 && i.memory) {
      tiles.Store(i.reg, i.address, i.index);
    } else if (i.opcode == 0x5e && i.prefix == 1 && !i.memory) {
      tiles.DotProduct(i.reg, i.rm, i.vvvv);
    } else {
      return false;
    }
    return true;
  }

  static void Handle(int, siginfo_t*, void* pointer) {
    ucontext_t& context = *static_cast<ucontext_t*>(pointer);
    Instruction instruction{};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): registers hold addresses as numbers
    const auto* code = reinterpret_cast<const uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
    if (!Decode(context, code, instruction) || !CarryOut(instruction)) std::abort();
    ++count_;
    context.uc_mcontext.gregs[REG_RIP] += instruction.length;
  }

  struct sigaction before_ = {};
  inline static std::atomic<int64_t> count_ = 0;
};

}  // namespace winnow

#endif
