#include "base/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace winnow {
namespace {

TEST(OpenFiles, TheLimitBecomesTheHighestThatIsAllowed) {
  rlimit former = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
  const rlimit low = {.rlim_cur = 64, .rlim_max = former.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  RaiseOpenFileLimit();
  rlimit raised = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &raised), 0);
  EXPECT_EQ(raised.rlim_cur, former.rlim_max);
  EXPECT_EQ(raised.rlim_max, former.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
}

}  // namespace
}  // namespace winnow
