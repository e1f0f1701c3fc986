// Tokenizes a file's texts, a line each: `tokenize_bench DIR FILE [--repeat N] [--ids]`. Prints the seconds of each
// repeat as JSON, and with --ids the ids of each text as JSON lines; bench/peers/tokenize.py reads both.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/machine.h"
#include "tokenize/tokenizer.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: tokenize_bench TOKENIZER_DIR TEXTS [--repeat N] [--ids]\n");
    return 2;
  }
  int repeats = 5;
  bool print_ids = false;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--ids") == 0) print_ids = true;
    if (std::strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) repeats = std::atoi(argv[++i]);
  }
  const auto tokenizer = winnow::Tokenizer::Load(argv[1]);
  if (!tokenizer) {
    std::fprintf(stderr, "%s\n", tokenizer.error().Text().c_str());
    return 1;
  }
  std::vector<std::string> texts;
  std::ifstream file(argv[2]);
  for (std::string line; std::getline(file, line);) texts.push_back(line);
  std::vector<int32_t> ids;
  std::string seconds;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    ids.clear();
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& text : texts) tokenizer->Encode(text, 512, ids);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    seconds += fmt::format("{}{:.6f}", repeat == 0 ? "" : ", ", taken.count());
  }
  if (print_ids) {
    for (const std::string& text : texts) {
      ids.clear();
      tokenizer->Encode(text, 512, ids);
      fmt::print("[{}]\n", fmt::join(ids, ", "));
    }
    return 0;
  }
  fmt::print("{{\"cpu\": \"{}\", \"extensions\": \"{}\", \"texts\": {}, \"tokens\": {}, \"seconds\": [{}]}}\n",
             winnow::CpuName(), winnow::CpuExtensions(), texts.size(), ids.size(), seconds);
  return 0;
}
