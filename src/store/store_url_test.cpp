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

TEST(StoreUrl, SeveralHostsAndUsersWithAnAtAreAccepted) {
  EXPECT_EQ(ParseStoreUrl("postgresql://a:b@db1:5432,[::1]:5433,db3/spam")->name,
            "postgresql://a@db1:5432,[::1]:5433,db3/spam");
  EXPECT_EQ(ParseStoreUrl("postgresql://a:b%40c@db/spam%40home?user=x@y")->password, "b@c");
  EXPECT_EQ(ParseStoreUrl("postgresql://db/spam?ssl%70assword=a&pass%77ord=b%20c")->password, "b c");
}

TEST(StoreUrl, APasswordThatIsNotEncodedIsNotQuoted) {
  for (const char* url :
       {"postgresql://u:s3cret/more@db/d", "postgresql://u:x@s3cret@db/d", "postgresql://u:12/s3cret@db/d",
        "postgresql://u:p@s3cret/more@db/d", "postgresql://u:s3cret?x@db/d", "postgresql://db/d?password=s3cret%zz",
        "postgresql://db/d?sslpassword=s3cret%00", "postgresql://u:s3cret%z@db/d", "host=db dbname=d password=s3cret",
        "password=s3cret host=db"}) {
    const Error error = ErrorOf(ParseStoreUrl(url));
    EXPECT_THAT(error.Text(), Not(HasSubstr("s3cret"))) << url;
    EXPECT_NE(error.message, "") << url;
  }
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
