#include "store/user_name.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(NormalUser, IsTheSameForAllSpellingsOfAnAddress) {
  for (const char* const spelling :
       {"anna@example.org", "Anna@Example.ORG", " <Anna@example.org> ", "< anna@example.org>"})
    EXPECT_EQ(NormalUser(spelling), "anna@example.org") << spelling;
  EXPECT_EQ(NormalUser("<"), "<");
  EXPECT_EQ(NormalUser("@"), "@");
}

TEST(NormalUser, LeavesOtherNamesAsTheyAre) {
  for (const char* const name : {"", "Anna", "user-17", " <a> "}) EXPECT_EQ(NormalUser(name), name);
}

}  // namespace
}  // namespace winnow
