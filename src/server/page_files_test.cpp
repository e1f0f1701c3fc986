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

TEST(PageAt, NamesFilesRelativeToTheAddressOfTheView) {
  const std::string html = R"(<link href="./assets/a.css"><script src="./assets/b.js"></script><p title="a ./b">)";
  const auto at = [](const std::string& to) {
    return "<link href=\"" + to + "assets/a.css\"><script src=\"" + to + "assets/b.js\"></script><p title=\"a ./b\">";
  };
  EXPECT_EQ(PageAt("/ui", html), at("ui/"));
  EXPECT_EQ(PageAt("/ui/", html), at("./"));
  EXPECT_EQ(PageAt("/ui/data", html), at("./"));
  EXPECT_EQ(PageAt("/ui/data/", html), at("../"));
  EXPECT_EQ(PageAt("/ui/data/spam.tsv", html), at("../"));
  EXPECT_EQ(PageAt("/ui/data/a%2Fb", html), at("../"));
  EXPECT_EQ(PageAt("/ui/data/spam.tsv/", html), at("../../"));
}

TEST(PageAt, LeavesOtherReferences) {
  const std::string html = R"(<script src="/ui/assets/b.js"></script><a href="#main">)";
  EXPECT_EQ(PageAt("/ui", html), html);
  EXPECT_EQ(PageAt("/ui/data/spam.tsv", html), html);
}

}  // namespace
}  // namespace winnow
