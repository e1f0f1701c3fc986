#include "bundle/load_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/files.h"
#include "base/hash.h"
#include "base/temporary_directory.h"
#include "bundle/manifest.h"
#include "bundle/verified_files.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kWeights[] = "model.safetensors";

/// A sealed directory with small files and a large one, and a cache directory of its own.
class LoadCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", (directory_.path() / "cache").c_str(), 1);
    fs::create_directory(bundle_);
    Write("config.json", "{}");
    Write("vocab.txt", "[UNK]\n");
    Write(kWeights, std::string(3 << 20, 'w'));
    Manifest manifest;
    manifest.name = "spam";
    ASSERT_TRUE(SealBundle(bundle_, manifest));
  }
  void TearDown() override { ::unsetenv("XDG_CACHE_HOME"); }

  void Write(const std::string& name, const std::string& contents) const {
    std::ofstream(bundle_ / name, std::ios::binary) << contents;
  }
  Result<void> Check(const BundleTrust& trust = {}) const { return CheckFiles(bundle_, {kWeights}, trust); }

  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("check").value();
  fs::path bundle_ = directory_.path() / "spam";
};

TEST_F(LoadCheckTest, FilesAsTheyWereWrittenPass) { EXPECT_TRUE(Check()); }

TEST_F(LoadCheckTest, AChangedFileIsNamedWithBothDigests) {
  for (const std::string name : {"config.json", "vocab.txt", kWeights}) {
    const std::string former = ReadFile(bundle_ / name).value();
    std::string changed = former;
    changed[0] ^= 1;
    Write(name, changed);
    const Result<void> checked = Check();
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(checked.error().message, HasSubstr(name));
    EXPECT_THAT(checked.error().message, HasSubstr(Sha256(former)));
    EXPECT_THAT(checked.error().message, HasSubstr(Sha256(changed)));
    EXPECT_THAT(checked.error().hint, HasSubstr("--no-verify"));
    EXPECT_TRUE(Check({.verify = false}));
    Write(name, former);
    EXPECT_TRUE(Check()) << name;
  }
}

TEST_F(LoadCheckTest, FilesThatAreNotReadMayChange) {
  Write(kWeights, "other");
  EXPECT_TRUE(CheckFiles(bundle_, {}));
  fs::remove(bundle_ / kWeights);
  EXPECT_TRUE(Check()) << "that weights are missing, the loader says";
  fs::remove(bundle_ / "vocab.txt");
  const Result<void> checked = Check();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("vocab.txt: no such file"));
}

TEST_F(LoadCheckTest, WithoutDigestsThereIsNothingToCheck) {
  Write("tokenizer.json", "{}");
  EXPECT_TRUE(Check()) << "not listed";
  fs::remove(bundle_ / kManifestFile);
  Write("config.json", "changed");
  EXPECT_TRUE(Check());
  EXPECT_TRUE(CheckFiles(directory_.path() / "missing", {})) << "the loader says that there is nothing";
}

TEST_F(LoadCheckTest, TheErrorOfAChangedFileComesBeforeThatOfTheLoad) {
  Write(kWeights, std::string(3 << 20, 'x'));
  LoadCheck check = LoadCheck::Begin(bundle_, {kWeights}).value();
  const Result<int> loaded = check.Around([]() -> Result<int> { return Fail(ErrorCode::kUnsupported, "bad header"); });
  EXPECT_THAT(loaded.error().message, HasSubstr("SHA-256"));
  LoadCheck unchecked = LoadCheck::Begin(bundle_, {kWeights}, {.verify = false}).value();
  EXPECT_EQ(unchecked.Around([]() -> Result<int> { return 7; }).value(), 7);
}

TEST_F(LoadCheckTest, AFileThatIsWrittenWhileItIsLoadedIsAnError) {
  LoadCheck check = LoadCheck::Begin(bundle_, {kWeights}).value();
  fs::last_write_time(bundle_ / "config.json", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(check.Finish().error().code, ErrorCode::kIo);
}

TEST_F(LoadCheckTest, NewFilesAreNotRemembered) {
  FileIdentity file = IdentityOf(bundle_ / kWeights).value();
  file.changed_ns += 3'600'000'000'000;  // one that was just written is an old one already on a slow machine
  const std::string digest(64, 'a');
  VerifiedFiles::Remember(file, digest);
  EXPECT_FALSE(VerifiedFiles::Read().Contains(file, digest))
      << "a second change in the same tick of the clock would not show";
}

TEST_F(LoadCheckTest, AFileIsRememberedUntilItChanges) {
  FileIdentity file = IdentityOf(bundle_ / kWeights).value();
  file.changed_ns -= 10'000'000'000;
  const std::string digest(64, 'a');
  EXPECT_FALSE(VerifiedFiles::Read().Contains(file, digest));
  VerifiedFiles::Remember(file, digest);
  EXPECT_TRUE(VerifiedFiles::Read().Contains(file, digest));
  EXPECT_FALSE(VerifiedFiles::Read().Contains(file, std::string(64, 'b')));
  for (const auto member : {&FileIdentity::inode, &FileIdentity::size, &FileIdentity::device}) {
    FileIdentity other = file;
    ++(other.*member);
    EXPECT_FALSE(VerifiedFiles::Read().Contains(other, digest));
  }
  FileIdentity later = file;
  ++later.changed_ns;
  EXPECT_FALSE(VerifiedFiles::Read().Contains(later, digest));
  // The newest of many stay.
  for (int i = 0; i < 600; ++i) {
    ++file.inode;
    VerifiedFiles::Remember(file, digest);
  }
  EXPECT_TRUE(VerifiedFiles::Read().Contains(file, digest));
  const fs::path memory = directory_.path() / "cache" / "winnow" / "verified-files";
  EXPECT_LE(fs::file_size(memory), size_t{1} << 16);
  fs::permissions(memory, fs::perms::others_write, fs::perm_options::add);
  EXPECT_FALSE(VerifiedFiles::Read().Contains(file, digest)) << "anybody could have written it";
}

/// The manifest of this bundle is signed: made with minisign 0.11 (minisign -S -m winnow.json).
class SignedBundleTest : public LoadCheckTest {
 protected:
  void SetUp() override {
    LoadCheckTest::SetUp();
    Write(kManifestFile, "{\"name\":\"spam\"}\n");
    Write(kSignatureFile,
          "untrusted comment: a model\n"
          "RURl/lJkjIalBQOoaB3LfDGFRcC9707c3nPN+Tlo4rhBOo+BWYnrEBnUEPq+D9dxl3CmjPPup/WkE4xcGP0RV+sx6Sq8Yg1smAs=\n"
          "trusted comment: spam 1.0.0\n"
          "zfz0kp1LKcyOzwBe0XnZtPag1o5Un2ywNkPx5WJZOM7qB2r7H01HRquic+410CZ977+uS0CAQzQWtnSEcQlSDQ==\n");
    for (const char* name : {"config.json", "vocab.txt", kWeights}) fs::remove(bundle_ / name);
  }
  BundleTrust trust_{.key = FindMinisignKey("RWRl/lJkjIalBa1EL7wSQNx0xu9gRBlbPb8tsTjM7Qt8+t/VgepITSE4").value()};
};

TEST_F(SignedBundleTest, ASignedManifestPassesAndAnotherOneDoesNot) {
  EXPECT_TRUE(Check(trust_));
  Write(kManifestFile, "{\"name\":\"Spam\"}\n");
  EXPECT_THAT(Check(trust_).error().message, HasSubstr("the signature does not match"));
  EXPECT_TRUE(Check()) << "without a key, the signature is not looked at";
}

TEST_F(SignedBundleTest, AFileThatTheManifestDoesNotListIsRefused) {
  for (const char* name : {"config.json", "added_tokens.json", kWeights}) {
    Write(name, "{}");
    EXPECT_THAT(Check(trust_).error().message, HasSubstr(std::string(name) + ": winnow.json, which is signed"));
    fs::remove(bundle_ / name);
  }
}

TEST_F(SignedBundleTest, AnUnsignedModelIsRefused) {
  fs::remove(bundle_ / kSignatureFile);
  EXPECT_THAT(Check(trust_).error().message, HasSubstr("the model is not signed"));
  fs::remove(bundle_ / kManifestFile);
  EXPECT_THAT(Check(trust_).error().message, HasSubstr("has no winnow.json"));
}

TEST_F(SignedBundleTest, RewritingTheManifestRemovesItsSignature) {
  ASSERT_TRUE(WriteManifest(bundle_, ReadManifest(bundle_).value()));
  EXPECT_FALSE(fs::exists(bundle_ / kSignatureFile));
}

}  // namespace
}  // namespace winnow
