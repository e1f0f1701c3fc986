#include "base/path_error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace winnow {
namespace {

TEST(PathError, SaysWhatTheSystemSaysAndWhatToDo) {
  const Error full = SystemErrorAt("spam/model", "cannot write", ENOSPC);
  EXPECT_EQ(full.code, ErrorCode::kIo);
  EXPECT_EQ(full.message, "spam/model: cannot write: No space left on device");
  EXPECT_NE(full.hint.find("free some space"), std::string::npos);
  EXPECT_EQ(SystemErrorAt("spam", "cannot write", EDQUOT).hint, full.hint) << "a quota is a full disk to its user";
  for (const int number : {EACCES, EPERM, EROFS}) {
    EXPECT_NE(SystemErrorAt("spam", "cannot open", number).hint.find("permissions"), std::string::npos) << number;
  }
  EXPECT_EQ(SystemErrorAt("spam", "cannot read", EIO).hint, "");
}

TEST(PathError, APathThatDoesNotExistIsNotFound) {
  errno = ENOENT;
  const Error error = SystemErrorAt("spam", "cannot open");
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.message, "spam: cannot open: No such file or directory");
}

}  // namespace
}  // namespace winnow
