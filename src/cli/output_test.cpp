#include "cli/output.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(ForTerminal, WhatCouldChangeATerminalIsEscaped) {
  EXPECT_EQ(ForTerminal("ham  99 %  a \x1b[31mb\x1b[0m\n"), "ham  99 %  a \x1b[31mb\x1b[0m\n") << "colours of our own";
  EXPECT_EQ(ForTerminal("a\u009b31mb\u0085"), "a\\u009b31mb\\u0085");
  EXPECT_EQ(ForTerminal("a\x7f\x9b\xff"
                        "b"),
            "a\\u007f\uFFFD\uFFFDb")
      << "no character at all";
  EXPECT_EQ(ForTerminal("\u202egnp.exe\u202c \u2066x\u2069 \u200f"), "\\u202egnp.exe\\u202c \\u2066x\\u2069 \\u200f");
  constexpr std::string_view kOrdinary =
      "\u05d0\u05d1 \u0645\u06cc\u200c\u062e \U0001F469\u200d\U0001F467 \u2764\ufe0f \u00a0\u00ad";
  EXPECT_EQ(ForTerminal(kOrdinary), kOrdinary);
}

}  // namespace
}  // namespace winnow
