// Runs the fuzzers without libFuzzer, in every build: on their seeds, and on random changes of these for some seconds.
// It has no feedback of coverage, so it finds what is shallow; libFuzzer (fuzz/long.sh) finds the rest.
//
//   fuzz_driver NAME [DIRECTORY|FILE]
//
// The directory has the seeds; a file, such as an input that was found, is run alone and once.
// WINNOW_TEST_FUZZ_SECONDS: how long the random changes go on (1). WINNOW_TEST_FUZZ_SEED: the seed of the random
// numbers (1). An input that crashes is written to the file crash-NAME.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using Fuzzer = int(const uint8_t*, size_t);

// WINNOW_FUZZERS is X(csv) X(request) ... of all fuzzers of this folder.
#define X(name) extern "C" Fuzzer Fuzz_##name;
WINNOW_FUZZERS
#undef X

namespace {

const std::map<std::string_view, Fuzzer*>& Fuzzers() {
#define X(name) {#name, Fuzz_##name},
  static const std::map<std::string_view, Fuzzer*> fuzzers = {WINNOW_FUZZERS};
#undef X
  return fuzzers;
}

/// Pieces that readers of these formats look for; inputs are put together from them.
const std::vector<std::string>& Pieces() {
  static const std::vector<std::string> pieces = {
      "POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "GET http://a/b?c HTTP/1.0\r\n\r\n",
      "\r\n",
      "\r\n\r\n",
      "5;a=b\r\n",
      "X-Forwarded-For: 192.0.2.1, [2001:db8::1]:80, 10.0.0.1\r\n",
      "{\"text\": \"a\", \"texts\": [\"b\", [\"c\", \"d\"], {\"e\": \"f\"}], \"inputs\": [[\"g\"]]}",
      "{\"id\": \"1\", \"inputs\": [{\"name\": \"text\", \"shape\": [2], \"datatype\": \"BYTES\", \"data\": [\"a\", \"b\"]}]}",
      "{\"parameters\": {\"binary_data_size\": 12}}",
      "text,label\n\"a, \"\"b\"\"\",spam\nc,ham\n",
      "__label__a __label__b text\n",
      "sep=;\n# comment\n",
      "[{\"text\": \"a\", \"label\": [1, 0]}, {\"text\": null}]\n",
      "*2\r\n$3\r\nabc\r\n$-1\r\n",
      "*1\r\n*1\r\n:7\r\n",
      "+OK\r\n",
      "-ERR no\r\n",
      "{\"version\": \"1.0\", \"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", "
      "\"continuing_subword_prefix\": \"##\", \"max_input_chars_per_word\": 100, \"vocab\": {\"[UNK]\": 0, \"a\": 1, "
      "\"##b\": 2}}, \"added_tokens\": [], \"normalizer\": null, \"pre_tokenizer\": {\"type\": \"Whitespace\"}, "
      "\"post_processor\": null}",
      "{\"model_type\": \"bert\", \"hidden_size\": 8, \"num_attention_heads\": 2, \"num_hidden_layers\": 1, "
      "\"intermediate_size\": 8, \"vocab_size\": 9, \"max_position_embeddings\": 9, \"type_vocab_size\": 2}",
      std::string("\x40\0\0\0\0\0\0\0{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 68),
      "\x80\x02}q\x01(X\x01\0\0\0aK\x01u.",
      "label spam\n{a|b} {name}\nname: x | y\n",
      "[[rule]]\nname = \"A\"\nscore = 2.5\npattern = '(?i)gift card'\ngroup = \"g\"\n",
      "[[rule]]\nname = \"B\"\nfield = \"header:X-Mailer\"\nexists = \"subject\"\nmin_links = 1\nfold = true\n",
      "[[composite]]\nname = \"C\"\nexpression = \"A & (B | !A)\"\nreplaces = [\"A\"]\n",
      "[group.g]\nmax_score = 6\n[actions]\nspam = 6.0\nham = -6.0\n",
      "(A | !B) & ",
      "redis://user:pass@localhost:6379/0",
      "postgres://user:pass%40@localhost:5432/spam?password=x",
      "{\"text\": \"a\", \"feedback_type\": \"admin\", \"source\": \"user\", \"idempotency_key\": \"k\", "
      "\"score\": 0.5, \"is_spam\": true, \"created_at\": \"2026-11-28T20:15:00.125Z\"}",
      "2026-11-28 20:15:00.5+00",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "gzip;q=0.5, identity, *;q=0",
      "untrusted comment: a\n"
      "RURl/lJkjIalBQOoaB3LfDGFRcC9707c3nPN+Tlo4rhBOo+BWYnrEBnUEPq+D9dxl3CmjPPup/WkE4xcGP0RV+sx6Sq8Yg1smAs=\n"
      "trusted comment: spam 1.0.0\n"
      "zfz0kp1LKcyOzwBe0XnZtPag1o5Un2ywNkPx5WJZOM7qB2r7H01HRquic+410CZ977+uS0CAQzQWtnSEcQlSDQ==\n",
      "RWRl/lJkjIalBa1EL7wSQNx0xu9gRBlbPb8tsTjM7Qt8+t/VgepITSE4",
      std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0", 21),
      "From: =?utf-8?q?J=C3=BC?= <a@b.example>\r\nSubject: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=\r\n"
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\n",
      "Content-Type: text/html; charset=\"gb18030\"\nContent-Transfer-Encoding: base64\n\nPGI+YTwvYj4=\n",
      "Content-Type: message/rfc822\nContent-Disposition: attachment; filename*0*=utf-8''a%C3; filename*1*=%BC\n\n",
      "Content-Transfer-Encoding: quoted-printable\n\na=\nb=3D=C3\n--b--\n",
      "<table><tr><td style=\"display:none\">a<td><a href='x'>b</a><ul><li>c<p>d</table><!-- e --><script>f</script>&amp;",
      "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a+b%2B</Key><Size>1</Size>"
      "<LastModified>2026-11-29T07:00:00.000Z</LastModified></Contents><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>",
      "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag><Size>1</Size></Part></ListPartsResult>",
      "<!DOCTYPE a [<!ENTITY b \"c\">]>",
      "<Error><Code>SlowDown</Code><Message>m</Message></Error>",
      "[default]\naws_access_key_id = A\n[profile \"b c\"]\nregion=r # d\ns3 =\n  e = f\n",
      "s3://bucket/a%20b/?endpoint=https%3A%2F%2Fhost:9000&region=r&addressing=path",
      "\xef\xbb\xbf",
      "\xff\xfe",
      "18446744073709551616",
      "-1",
      "1e999",
      "\\u0000",
      std::string(1, '\0'),
      std::string(300, '['),
      std::string(100, '\xc3'),
  };
  return pieces;
}

class Mutator {
 public:
  Mutator(unsigned seed, const std::vector<std::string>& seeds) : random_(seed), seeds_(seeds) {}

  std::string Next() {
    std::string input = kept_.empty() || Below(4) == 0 ? Piece() : kept_[Below(kept_.size())];
    for (size_t i = Below(6); i > 0; --i) Change(input);
    constexpr size_t kMostBytes = 4096, kMostKept = 200;
    if (input.size() > kMostBytes) input.resize(kMostBytes);
    if (kept_.size() < kMostKept) {
      kept_.push_back(input);
    } else if (Below(4) == 0) {
      kept_[Below(kMostKept)] = input;
    }
    return input;
  }

 private:
  size_t Below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }
  /// Returns a seed of this fuzzer or, as all of them are short, a piece of any format.
  const std::string& Piece() {
    if (!seeds_.empty() && Below(2) == 0) return seeds_[Below(seeds_.size())];
    return Pieces()[Below(Pieces().size())];
  }

  void Change(std::string& input) {
    const size_t at = Below(input.size() + 1), length = Below(input.size() - at + 1);
    switch (Below(6)) {
      case 0:
        input.insert(at, Piece());
        break;
      case 1:
        input.erase(at, length);
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(Below(256));
        break;
      case 3:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        break;
      case 4:
        input.insert(at, input.substr(at, length));
        break;
      default:
        input.insert(at, 1, static_cast<char>(Below(256)));
    }
  }

  std::mt19937 random_;
  const std::vector<std::string>& seeds_;
  std::vector<std::string> kept_;
};

std::string crash_file, current_input;

/// Async-signal-safe: open, write and raise alone.
void KeepInput(int signal) {
  const int file = ::open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && ::write(file, current_input.data(), current_input.size()) >= 0) ::close(file);
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// Returns the contents of the files of a directory, in the order of their names; none if there is no directory.
std::vector<std::string> ReadSeeds(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(path)) files.push_back(path);
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return seeds;
}

int NumberOf(const char* variable, int otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : std::atoi(text);
}

}  // namespace

int main(int argc, char** argv) {
  const auto fuzzer = argc < 2 ? Fuzzers().end() : Fuzzers().find(argv[1]);
  const std::filesystem::path place = argc > 2 ? argv[2] : "";
  const bool alone = std::filesystem::is_regular_file(place);
  if (fuzzer == Fuzzers().end()) {
    std::fprintf(stderr, "usage: fuzz_driver NAME [DIRECTORY|FILE]; NAME is one of:\n");
    for (const auto& [name, function] : Fuzzers()) std::fprintf(stderr, "  %s\n", std::string(name).c_str());
    return 2;
  }
  const std::vector<std::string> seeds = ReadSeeds(place);
  if (argc > 2 && seeds.empty()) {
    std::fprintf(stderr, "%s has no seeds\n", argv[2]);
    return 2;
  }
  const auto seed = static_cast<unsigned>(NumberOf("WINNOW_TEST_FUZZ_SEED", 1));
  Mutator mutator(seed, seeds);
  crash_file = "crash-" + std::string(fuzzer->first);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, KeepInput);
  size_t runs = 0;
  const auto run = [&](std::string input) {
    current_input = std::move(input);
    fuzzer->second(reinterpret_cast<const uint8_t*>(current_input.data()), current_input.size());
    ++runs;
  };
  for (const std::string& each : seeds) run(each);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(NumberOf("WINNOW_TEST_FUZZ_SECONDS", 1));
  while (!alone && std::chrono::steady_clock::now() < until) run(mutator.Next());
  std::printf("%s: %zu inputs, of which %zu seeds, seed of the random numbers %u\n", argv[1], runs, seeds.size(), seed);
  return 0;
}
