#include "store/store_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StoreUrl, NamesASqliteFileInSeveralForms) {
  EXPECT_EQ(ParseStoreUrl("sqlite:///var/lib/winnow/a%20b.db")->path, "/var/lib/winnow/a b.db");
  EXPECT_EQ(ParseStoreUrl("sqlite:////var/x.db")->path, "/var/x.db");
  EXPECT_EQ(ParseStoreUrl("sqlite:data/x.db")->path, "data/x.db");
  EXPECT_EQ(ParseStoreUrl("data/x%20.db")->path, "data/x%20.db");
  EXPECT_EQ(ParseStoreUrl("C:x.db")->path, "C:x.db");
  EXPECT_EQ(ParseStoreUrl("x.db")->kind, StoreAddress::kSqlite);
}

TEST(StoreUrl, ShowsAPostgresUrlWithoutThePassword) {
  const StoreAddress address = ParseStoreUrl("postgresql://anna:p%40ss%2Fword@db:5433/spam?sslmode=require").value();
  EXPECT_EQ(address.kind, StoreAddress::kPostgres);
  EXPECT_EQ(address.name, "postgresql://anna@db:5433/spam");
  EXPECT_EQ(address.WithoutPassword("not p@ss/word"), "not ***");
  EXPECT_EQ(ParseStoreUrl("postgres:///spam?user=a&password=hidden")->name, "postgres:///spam");
  EXPECT_EQ(ParseStoreUrl("postgres:///spam?user=a&password=hidden")->password, "hidden");
  EXPECT_EQ(ParseStoreUrl("postgres://anna@db")->name, "postgres://anna@db");
}

TEST(StoreUrl, RefusesWhatItCannotOpen) {
  EXPECT_EQ(ErrorOf(ParseStoreUrl("mysql://anna:secret@db/x")).code, ErrorCode::kUnsupported);
  EXPECT_THAT(ErrorOf(ParseStoreUrl("mysql://anna:secret@db/x")).Text(), Not(HasSubstr("secret")));
  for (const char* url : {"", "sqlite:", "sqlite:///", "sqlite://host/x.db",
                          "sqlite::memory:", ":memory:", "sqlite:%zz", "sqlite:a%00b", "postgres://a:%zz@h/d"})
    EXPECT_EQ(ErrorOf(ParseStoreUrl(url)).code, ErrorCode::kInvalidArgument) << url;
}

}  // namespace
}  // namespace winnow
