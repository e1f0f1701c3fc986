// The real files of public sets, as far as they lie in the shared directory: the digests are theirs, and so are the
// numbers of rows.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "data/public_sets.h"
#include "support/shared.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

void ExpectItsRows(const std::string& name, const std::filesystem::path& sources) {
  const PublicSet& set = *FindPublicSet(name);
  for (const PublicFile& file : set.files) {
    EXPECT_EQ(Sha256OfFile(sources / (file.member.empty() ? file.name : file.member)), file.sha256) << file.name;
  }
  const TemporaryDirectory output;
  const auto parts = set.convert(set, sources, output.path());
  ASSERT_TRUE(parts) << parts.error().Text();
  ASSERT_EQ(parts->size(), set.parts.size());
  for (size_t i = 0; i < parts->size(); ++i) {
    EXPECT_EQ((*parts)[i].file, set.parts[i].file);
    EXPECT_EQ((*parts)[i].rows, set.parts[i].rows) << set.parts[i].file;
  }
}

TEST(RealPublicSets, Banking77) {
  REQUIRE_SHARED(sources, "data/banking77");
  ExpectItsRows("banking77", sources);
}

TEST(RealPublicSets, Clinc150) {
  REQUIRE_SHARED(sources, "data/clinc150");
  ExpectItsRows("clinc150", sources);
}

TEST(RealPublicSets, HateDavidson) {
  REQUIRE_SHARED(sources, "data/hate_davidson");
  ExpectItsRows("hate-davidson", sources);
}

TEST(RealPublicSets, SmsSpam) {
  REQUIRE_SHARED(file, "data/sms_spam/SMSSpamCollection");
  // The shared copy has other line ends than the archive's.
  std::string text = *ReadFile(file);
  std::erase(text, '\r');
  const TemporaryDirectory sources;
  ASSERT_TRUE(WriteFileAtomically(sources.path() / "SMSSpamCollection", text));
  ExpectItsRows("sms-spam", sources.path());
}

}  // namespace
}  // namespace winnow
