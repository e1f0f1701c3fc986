#include "base/toml_depth.h"

#include <gtest/gtest.h>

#include "base/options_toml.h"

namespace winnow {
namespace {

TEST(TomlKeys, AreMeasuredOutsideStringsAndComments) {
  EXPECT_EQ(LineOfLongTomlKey("a = 1\nb.c.d.e = 2\n", 3), 2u);
  EXPECT_EQ(LineOfLongTomlKey("x = {a.b . \"c\".'d' = 1}", 3), 1u);
  EXPECT_EQ(LineOfLongTomlKey("x = \"\"\"\n\"a\" \\\"\" b\n\"\"\"\na.b.c.d = 1", 3), 4u);
  for (const char* const contents :
       {"a = 'x.x.x.x'", "a = \"x.\\\".x.x.x\"", "# a.b.c.d.e", "a = '''\nx.x.x.x'''", "a = [1.5, 2.5, 3.5, 4.5]",
        "a.b.c = 1.5", "a.b = 1\nc.d = 2\ne.f = 3", "a = ''''x.x.x.x'''", "\"", "'''", "a = \"\\"}) {
    EXPECT_EQ(LineOfLongTomlKey(contents, 3), std::nullopt) << contents;
  }
}

TEST(TomlKeys, OfOptionsAreBounded) {
  std::string deep = "[a";
  for (int i = 0; i < 400000; ++i) deep += ".a";
  const Result<std::vector<TomlEntry>> entries = ParseTomlOptions(deep + "]\n", "options.toml");
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().message, "options.toml, line 1: a key has more than 16 parts");
}

}  // namespace
}  // namespace winnow
