#include "base/shell.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(Shell, QuotesWhatAShellWouldReadOtherwise) {
  EXPECT_EQ(ShellQuoted("plain"), "'plain'");
  EXPECT_EQ(ShellQuoted("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellLine({"winnow", "evaluate", "a b.tsv", "--filter", "lang=en", "", "it's"}),
            "winnow evaluate 'a b.tsv' --filter lang=en '' 'it'\\''s'");
}

}  // namespace
}  // namespace winnow
