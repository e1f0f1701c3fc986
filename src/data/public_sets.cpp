#include "data/public_sets.h"

#include <algorithm>

#include "data/public_set_converters.h"

namespace winnow {
namespace {

constexpr char kGitHub[] = "https://raw.githubusercontent.com/";

PublicSet Banking77() {
  const std::string at =
      std::string(kGitHub) + "PolyAI-LDN/task-specific-datasets/57ec275d8078af65b7731c2a98be812d844a6d6b/banking_data/";
  return {
      .name = "banking77",
      .title = "Banking77: 13,083 questions to a bank, 77 intents",
      .homepage = "https://github.com/PolyAI-LDN/task-specific-datasets",
      .licence = "CC BY 4.0",
      .citation = "Casanueva et al. (2020), Efficient Intent Detection with Dual Sentence Encoders, NLP for ConvAI",
      .files = {{"train.csv", {at + "train.csv"}, "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b"},
                {"test.csv", {at + "test.csv"}, "d12d6e3bc4c3103966ae786dc435913c0c563dfa328f5a3646d0e62cfeeb474d"}},
      .parts = {{"train.csv", 10003}, {"test.csv", 3080}},
      .train_options = "--test {dir}/test.csv",
      .convert = CopyTables};
}

PublicSet Clinc150() {
  return {
      .name = "clinc150",
      .title = "CLINC150: 22,500 requests to an assistant, 150 intents, and 1,200 out-of-scope requests",
      .homepage = "https://github.com/clinc/oos-eval",
      .licence = "CC BY 3.0",
      .citation =
          "Larson et al. (2019), An Evaluation Dataset for Intent Classification and Out-of-Scope "
          "Prediction, EMNLP-IJCNLP",
      .files = {{"data_full.json",
                 {std::string(kGitHub) + "clinc/oos-eval/828f8093932c8fe6ca7936c3d2e52903b1c523de/data/data_full.json"},
                 "36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0"}},
      .parts = {{"train.tsv", 15000}, {"validation.tsv", 3000}, {"test.tsv", 4500}, {"oos.tsv", 1200}},
      .train_options = "--validation {dir}/validation.tsv --test {dir}/test.tsv",
      .convert = ConvertClinc150};
}

PublicSet EnronSpam() {
  PublicSet set{.name = "enron-spam",
                .title = "Enron-Spam, preprocessed: 33,716 English mails, about half of them spam",
                .homepage = "http://nlp.cs.aueb.gr/software_and_datasets/Enron-Spam/index.html",
                .licence = "not stated; made for research",
                .citation =
                    "Metsis, Androutsopoulos, Paliouras (2006), Spam Filtering with Naive Bayes - Which Naive "
                    "Bayes?, CEAS",
                .files = {},
                .parts = {{"data.tsv", 33716}},
                .train_options = "--template '{subject} [SEP] {body:1000}'",
                .convert = ConvertEnronSpam};
  for (const char part : {'1', '2', '3', '4', '5', '6'}) {
    const std::string name = std::string("enron") + part + ".tar.gz";
    set.files.push_back({name,
                         {"http://nlp.cs.aueb.gr/software_and_datasets/Enron-Spam/preprocessed/" + name,
                          "http://www.aueb.gr/users/ion/data/enron-spam/preprocessed/" + name},
                         ""});
  }
  return set;
}

PublicSet HateDavidson() {
  return {
      .name = "hate-davidson",
      .title = "Hate speech and offensive language: 24,783 tweets, judged as hate speech, offensive or neither",
      .homepage = "https://github.com/t-davidson/hate-speech-and-offensive-language",
      .licence = "MIT",
      .citation =
          "Davidson, Warmsley, Macy, Weber (2017), Automated Hate Speech Detection and the Problem of "
          "Offensive Language, ICWSM",
      .files = {{"labeled_data.csv",
                 {std::string(kGitHub) + "t-davidson/hate-speech-and-offensive-language/master/data/labeled_data.csv"},
                 "fcb8bc7c68120ae4af04a5b9acd58585513ede11e1548ebf36a5c2040b6f6281"}},
      .parts = {{"data.csv", 24783}},
      .convert = ConvertHateDavidson};
}

PublicSet SmsSpam() {
  return {.name = "sms-spam",
          .title = "SMS Spam Collection v.1: 5,574 English text messages, 747 of them spam",
          .homepage = "https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
          .licence = "CC BY 4.0",
          .citation =
              "Almeida, Gomez Hidalgo, Yamakami (2011), Contributions to the Study of SMS Spam Filtering: New "
              "Collection and Results, DocEng",
          .files = {{.name = "sms+spam+collection.zip",
                     .addresses = {"https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip"},
                     .sha256 = "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
                     .member = "SMSSpamCollection"}},
          .parts = {{"data.tsv", 5574}},
          .train_options = "--positive-label spam",
          .convert = ConvertSmsSpam};
}

}  // namespace

std::span<const PublicSet> PublicSets() {
  static const std::vector<PublicSet> sets = {Banking77(), Clinc150(), EnronSpam(), HateDavidson(), SmsSpam()};
  return sets;
}

const PublicSet* FindPublicSet(std::string_view name) {
  const auto found = std::ranges::find(PublicSets(), name, &PublicSet::name);
  return found == PublicSets().end() ? nullptr : &*found;
}

}  // namespace winnow
