#include "server/page_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(PageFiles, AreThoseOfADirectory) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "assets");
  std::ofstream(directory.path() / "index.html") << "<html>";
  std::ofstream(directory.path() / "assets" / "a-1.js") << "1";
  const PageFiles files(directory.path());
  EXPECT_TRUE(files.any());
  EXPECT_EQ(files.Find("index.html").value().type, "text/html; charset=utf-8");
  EXPECT_EQ(files.Find("assets/a-1.js").value().body, "1");
  EXPECT_FALSE(files.Find("assets/a-2.js"));
}

TEST(PageFiles, LieNowhereElse) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "dist");
  std::ofstream(directory.path() / "secret") << "s";
  std::ofstream(directory.path() / "dist" / ".hidden") << "s";
  const PageFiles files(directory.path() / "dist");
  for (const char* path : {"../secret", "./../secret", ".hidden", "", "/", "assets//a", "a/", "..", "a\\b", "a b"}) {
    EXPECT_FALSE(files.Find(path)) << path;
  }
  EXPECT_FALSE(files.any());
}

}  // namespace
}  // namespace winnow
