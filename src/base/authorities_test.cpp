#include "base/authorities.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

void WriteBundle(const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << "certificates";
}

TEST(Authorities, WhereThereIsNoFileNothingIsNamed) {
  const TemporaryDirectory root;
  EXPECT_EQ(OtherAuthorities(root.path()), std::nullopt);
}

TEST(Authorities, TheFileOfAnotherDistributionIsFound) {
  const TemporaryDirectory root;
  const fs::path fedora = root.path() / "etc/pki/tls/certs/ca-bundle.crt";
  WriteBundle(fedora);
  EXPECT_EQ(OtherAuthorities(root.path()), fedora);
}

TEST(Authorities, OnDebianTheLibrariesFindTheirFileThemselves) {
  const TemporaryDirectory root;
  WriteBundle(root.path() / "etc/ssl/cert.pem");
  WriteBundle(root.path() / "etc/ssl/certs/ca-certificates.crt");
  EXPECT_EQ(OtherAuthorities(root.path()), std::nullopt);
}

}  // namespace
}  // namespace winnow
