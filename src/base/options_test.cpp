#include "base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

enum class Precision { kAuto, kF32 };

struct Values {
  std::vector<std::string> data;
  std::filesystem::path output_dir;
  int epochs = 3;
  double lr = 2e-5;
  uint64_t seed = 42;
  std::vector<std::string> label_field;
  std::vector<std::filesystem::path> extra;
  std::optional<int> warmup_steps;
  double warmup_ratio = 0.1;
  std::string scheduler = "linear";
  Precision precision = Precision::kAuto;
  bool overwrite = false;
  bool keep_data = true;
  bool help = false;
  std::optional<std::filesystem::path> config;
  std::optional<std::string> preset;
};

/// A table that also has what another program's command lines contain.
class CompatibleOptionsTest : public ::testing::Test {
 protected:
  CompatibleOptionsTest() {
    table.AddPositional("data", &data, "Labelled texts");
    table.Add("overwrite", &overwrite, "Replace what is there");
    table.Add("tune", &tune, "Choose thresholds");
    table.AddCompatible("load-best-model-at-end", true, {"true"}, "omit it; the best weights are kept");
    table.AddCompatible("optim", false, {"adamw_torch"}, "omit it; the optimizer is AdamW");
    table.AddCompatible("dataloader-num-workers", false, {}, "");
    table.Advise("deepspeed", "omit it; there is one machine");
    table.AcceptFlagValues();
  }
  std::string Wrong(std::vector<std::string> arguments) {
    const Result<ParseOutcome> result = table.Parse(arguments, {[](const std::string&) { return std::nullopt; }, {}});
    return result ? "" : result.error().Text();
  }
  std::vector<std::string> data;
  bool overwrite = false;
  std::optional<bool> tune;
  OptionTable table{"train", "Trains."};
};

TEST_F(CompatibleOptionsTest, AcceptsWhatTheCommandDoesAnyway) {
  EXPECT_EQ(Wrong({"a.csv", "--load_best_model_at_end", "--optim", "adamw_torch", "--dataloader_num_workers", "4"}),
            "");
  EXPECT_EQ(Wrong({"--load_best_model_at_end", "True", "a.csv", "--overwrite", "False", "--optim=ADAMW_TORCH"}), "");
  EXPECT_THAT(data, ElementsAre("a.csv"));
  EXPECT_FALSE(overwrite);
  EXPECT_EQ(Wrong({"--overwrite", "true", "--tune", "false"}), "");
  EXPECT_TRUE(overwrite);
  EXPECT_EQ(tune, false);
  EXPECT_EQ(Wrong({"a.csv"}), "");
  EXPECT_EQ(tune, std::nullopt);
}

TEST_F(CompatibleOptionsTest, RefusesTheRestWithAdvice) {
  EXPECT_THAT(Wrong({"--load_best_model_at_end", "False"}), HasSubstr("omit it; the best weights are kept"));
  EXPECT_THAT(Wrong({"--optim", "sgd"}), AllOf(HasSubstr("--optim: 'sgd' is not supported"), HasSubstr("AdamW")));
  EXPECT_THAT(Wrong({"--deepspeed", "x.json"}), HasSubstr("omit it; there is one machine"));
}

TEST_F(CompatibleOptionsTest, AreNotInHelpNorSuggested) {
  EXPECT_THAT(table.Help(), Not(HasSubstr("optim")));
  EXPECT_THAT(table.Markdown(), Not(HasSubstr("optim")));
  EXPECT_THAT(Wrong({"--optin", "x"}), Not(HasSubstr("did you mean")));
}

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() {
    table.AddPositional("data", &values.data, "Labelled texts");
    table.Add("output-dir", &values.output_dir, "Where the model goes").ValueName("DIR");
    table.Group("Training");
    table.Add("epochs", &values.epochs, "Passes over the texts").AtLeast(1).Alias("num-train-epochs");
    table.Add("lr", &values.lr, "Peak learning rate").MoreThan(0).Alias("learning-rate");
    table.Add("seed", &values.seed, "Seed");
    table.Add("label-field", &values.label_field, "Columns of labels");
    table.Add("extra", &values.extra, "More files");
    table.Add("warmup-steps", &values.warmup_steps, "Steps of warm-up").AtLeast(0).InsteadOf("warmup-ratio");
    table.Add("warmup-ratio", &values.warmup_ratio, "Part of warm-up").Range(0, 1);
    table.Add("lr-scheduler", &values.scheduler, "Schedule")
        .OneOf({"linear", "cosine"}, {{"cosine_annealing", "cosine"}})
        .Alias("lr-scheduler-type");
    table.AddChoice("precision", &values.precision, {{"auto", Precision::kAuto}, {"f32", Precision::kF32}}, "Numbers");
    table.Add("overwrite", &values.overwrite, "Replace what is there");
    table.Add("keep-data", &values.keep_data, "Keep the held-out part");
    table.Group("General");
    table.AddConfig("config", &values.config, "A TOML file of options");
    table.AddPreset("preset", &values.preset, "A shipped set of options");
    table.AddHelp("help", &values.help, "This text");
  }

  Result<ParseOutcome> Parse(std::vector<std::string> arguments) {
    const OptionSources sources{[this](const std::string& name) -> std::optional<std::string> {
                                  const auto found = environment.find(name);
                                  return found == environment.end() ? std::nullopt : std::optional(found->second);
                                },
                                std::vector{directory.path() / "presets"}};
    return table.Parse(arguments, sources);
  }

  /// The error's text, which must be wrong usage.
  std::string Wrong(std::vector<std::string> arguments) {
    const Result<ParseOutcome> result = Parse(std::move(arguments));
    if (result) return "no error";
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    return result.error().Text();
  }

  std::string Write(const std::string& name, std::string_view contents) {
    std::filesystem::create_directories((directory.path() / name).parent_path());
    EXPECT_TRUE(WriteFileAtomically(directory.path() / name, contents));
    return (directory.path() / name).string();
  }

  TemporaryDirectory directory;
  std::map<std::string, std::string> environment;
  Values values;
  OptionTable table{"train", "Trains."};
};

TEST_F(OptionsTest, FieldsTakeTheCommandLinesValuesAndKeepTheirDefaults) {
  ASSERT_TRUE(Parse({"a.csv", "--output-dir", "out", "--lr=1e-3", "b.csv", "--overwrite"}));
  EXPECT_THAT(values.data, ElementsAre("a.csv", "b.csv"));
  EXPECT_EQ(values.output_dir, "out");
  EXPECT_EQ(values.lr, 1e-3);
  EXPECT_EQ(values.epochs, 3);
  EXPECT_TRUE(values.overwrite);
  EXPECT_TRUE(values.keep_data);
  EXPECT_TRUE(table.Find("lr")->given());
  EXPECT_FALSE(table.Find("epochs")->given());
}

TEST_F(OptionsTest, HyphensUnderscoresAndHuggingFacesNamesAreTheSame) {
  ASSERT_TRUE(Parse({"--output_dir=a_b", "--num_train_epochs", "5", "--learning-rate", ".01", "--lr_scheduler_type",
                     "cosine_annealing"}));
  EXPECT_EQ(values.output_dir, "a_b");  // values keep their underscores
  EXPECT_EQ(values.epochs, 5);
  EXPECT_EQ(values.lr, 0.01);
  EXPECT_EQ(values.scheduler, "cosine");
}

TEST_F(OptionsTest, WholeNumbersMayBeWrittenWithAFractionOfZero) {
  ASSERT_TRUE(Parse({"--epochs", "4.0"}));
  EXPECT_EQ(values.epochs, 4);
  EXPECT_THAT(Wrong({"--epochs", "4.5"}), HasSubstr("--epochs: '4.5' is not a whole number"));
}

TEST_F(OptionsTest, AListKeepsAllValuesAndAnyOtherOptionIsSpecifiedOnce) {
  ASSERT_TRUE(Parse({"--label-field", "toxic,obscene", "--label-field", "threat", "--extra", "a,b", "--extra", "c"}));
  EXPECT_THAT(values.label_field, ElementsAre("toxic", "obscene", "threat"));
  EXPECT_THAT(values.extra, ElementsAre("a,b", "c"));  // a path may hold a comma
  EXPECT_THAT(Wrong({"--epochs", "3", "--num-train-epochs=4"}),
              HasSubstr("--epochs: specified 2 times, with the values 3, 4\n  the option takes one value"));
}

TEST_F(OptionsTest, BlanksAroundTheCommasOfAListBelongToNoValue) {
  ASSERT_TRUE(Parse({"--label-field", "toxic, very  obscene ,\tthreat, ,", "--extra", "a, b"}));
  EXPECT_THAT(values.label_field, ElementsAre("toxic", "very  obscene", "threat"));
  EXPECT_THAT(values.extra, ElementsAre("a, b"));
  ASSERT_TRUE(Parse({"--label-field", " toxic "}));
  EXPECT_THAT(values.label_field, ElementsAre(" toxic ")) << "a header may contain blanks";
}

TEST_F(OptionsTest, AListOptionDoesNotEatThePositionalsBehindIt) {
  ASSERT_TRUE(Parse({"--label-field", "toxic", "a.csv", "b.csv"}));
  EXPECT_THAT(values.label_field, ElementsAre("toxic"));
  EXPECT_THAT(values.data, ElementsAre("a.csv", "b.csv"));
}

TEST_F(OptionsTest, PositionalTextsAreTakenAsTheyAre) {
  ASSERT_TRUE(Parse({"[hello, world]", "{}", "-", "a,b", "", "--", "--not_an_option", "-1"}));
  EXPECT_THAT(values.data, ElementsAre("[hello, world]", "{}", "-", "a,b", "", "--not_an_option", "-1"));
}

TEST_F(OptionsTest, NamedValuesAreTakenAsTheyAre) {
  for (const std::string value :
       {"{}", "[a, b]", "[]", "%x", "'q'", "\"q\"", "{subject} [SEP] {body:400}", "a=b", "-1", "--"}) {
    ASSERT_TRUE(Parse({"--output-dir=" + value}));
    EXPECT_EQ(values.output_dir, value);
  }
}

TEST_F(OptionsTest, FlagsHaveANegation) {
  ASSERT_TRUE(Parse({"--no-keep-data", "--overwrite"}));
  EXPECT_FALSE(values.keep_data);
  EXPECT_TRUE(values.overwrite);
  ASSERT_TRUE(Parse({"--no_overwrite", "--keep-data=true"}));
  EXPECT_FALSE(values.overwrite);
  EXPECT_TRUE(values.keep_data);
}

TEST_F(OptionsTest, TheCommandLineBeatsTheEnvironmentBeatsTheConfigBeatsThePreset) {
  Write("presets/fast.toml", "epochs = 10\nlr = 10\nseed = 10\nwarmup_ratio = 1.0\n");
  const std::string config = Write("own.toml", "epochs = 20\nlr = 20\nseed = 20\npreset = 'fast'\n");
  environment = {{"WINNOW_EPOCHS", "30"}, {"WINNOW_LR", "30"}, {"WINNOW_CONFIG", config}};
  ASSERT_TRUE(Parse({"--epochs", "40"}));
  EXPECT_EQ(values.epochs, 40);
  EXPECT_EQ(values.lr, 30);
  EXPECT_EQ(values.seed, 20u);
  EXPECT_EQ(values.warmup_ratio, 1.0);
  EXPECT_EQ(table.Find("epochs")->origin(), OptionOrigin::kCommandLine);
  EXPECT_EQ(table.Find("lr")->origin(), OptionOrigin::kEnvironment);
  EXPECT_EQ(table.Find("seed")->origin(), OptionOrigin::kConfig);
  EXPECT_EQ(table.Find("warmup-ratio")->origin(), OptionOrigin::kPreset);
}

TEST_F(OptionsTest, EachNameOfAnOptionHasAVariable) {
  environment = {{"WINNOW_LEARNING_RATE", "0.25"}, {"WINNOW_NUM_TRAIN_EPOCHS", "7"}};
  ASSERT_TRUE(Parse({}));
  EXPECT_EQ(values.lr, 0.25);
  EXPECT_EQ(values.epochs, 7);
  environment["WINNOW_LR"] = "0.5";
  EXPECT_THAT(Wrong({}), HasSubstr("WINNOW_LR and WINNOW_LEARNING_RATE are the same option"));
  environment = {{"WINNOW_LEARNING_RATE", "x"}};
  EXPECT_THAT(Wrong({}), HasSubstr("WINNOW_LEARNING_RATE: 'x' is not a number"));
}

TEST_F(OptionsTest, TheAddressOfAServiceIsNoPort) {
  OptionTable serve{"serve", "Serves."};
  int port = 8080;
  serve.Add("port", &port, "Port to listen on").Range(0, 65535);
  const auto with = [&](const std::string& value) {
    return serve.Parse({}, {[&](const std::string&) { return std::optional(value); }, {}});
  };
  ASSERT_TRUE(with("tcp://10.0.0.1:80"));
  EXPECT_EQ(port, 8080);
  ASSERT_TRUE(with("80"));
  EXPECT_EQ(port, 80);
  EXPECT_FALSE(with("tcp"));
}

TEST_F(OptionsTest, AConfigHoldsEveryKindOfValue) {
  const std::string config = Write("own.toml",
                                   "# a run\ndata = ['a.csv', 'b.csv']\noutput_dir = 'out'\nlearning-rate = 3e-4\n"
                                   "label-field = 'toxic,threat'\noverwrite = true\nprecision = 'f32'\nseed = 7\n");
  ASSERT_TRUE(Parse({"--config", config}));
  EXPECT_THAT(values.data, ElementsAre("a.csv", "b.csv"));
  EXPECT_EQ(values.lr, 3e-4);
  EXPECT_THAT(values.label_field, ElementsAre("toxic", "threat"));
  EXPECT_TRUE(values.overwrite);
  EXPECT_EQ(values.precision, Precision::kF32);
  EXPECT_EQ(values.seed, 7u);
}

TEST_F(OptionsTest, ABadConfigIsRefusedWithItsLine) {
  const auto wrong = [&](std::string_view toml) { return Wrong({"--config", Write("bad.toml", toml)}); };
  EXPECT_THAT(wrong("\nepoch = 3\n"), HasSubstr("bad.toml, line 2: epoch: no such option\n  did you mean 'epochs'?"));
  EXPECT_THAT(wrong("epochs = 'many'"), HasSubstr("line 1: epochs: 'many' is not a whole number"));
  EXPECT_THAT(wrong("epochs = [1, 2]"), HasSubstr("expected one value, got 2"));
  EXPECT_THAT(wrong("epochs = []"), HasSubstr("an empty list"));
  EXPECT_THAT(wrong("[train]\nepochs = 3"), HasSubstr("train: an option cannot be a table"));
  EXPECT_THAT(wrong("epochs = 1979-05-27"), HasSubstr("date"));
  EXPECT_THAT(wrong("data = [[1]]"), HasSubstr("list elements must be strings"));
  EXPECT_THAT(wrong("a = 1\nb = = 2"), HasSubstr("bad.toml, line 2, column"));
  EXPECT_THAT(wrong("config = 'x.toml'"), HasSubstr("is not allowed in a configuration file"));
  EXPECT_THAT(wrong("lr = 1\nnum_train_epochs = 0"), HasSubstr("line 2: num_train_epochs: 0 is out of range"));
  EXPECT_THAT(wrong("epochs = 1\nnum_train_epochs = 2"),
              HasSubstr("line 2: num_train_epochs: the same option as 'epochs' above"));
  EXPECT_THAT(wrong("warmup-ratio = 0.1\nwarmup_ratio = 0.2"), HasSubstr("the same option as 'warmup-ratio' above"));
  EXPECT_EQ(Parse({"--config", "/nonexistent.toml"}).error().code, ErrorCode::kNotFound);
}

TEST_F(OptionsTest, AnUnknownPresetNamesTheClosest) {
  Write("presets/sms-spam.toml", "epochs = 1\n");
  EXPECT_THAT(Wrong({"--preset", "sms-spm"}), HasSubstr("unknown preset 'sms-spm'\n  did you mean 'sms-spam'?"));
  EXPECT_THAT(Wrong({"--preset", "zzz"}), HasSubstr("available presets: sms-spam"));
  ASSERT_TRUE(Parse({"--preset", "sms-spam"}));
  EXPECT_EQ(values.epochs, 1);
  ASSERT_TRUE(Parse({"--preset", (directory.path() / "presets" / "sms-spam.toml").string()}));
}

TEST_F(OptionsTest, WrongUsageSaysWhatWouldBeRight) {
  EXPECT_THAT(Wrong({"--epoch", "3"}), HasSubstr("unknown option '--epoch'\n  did you mean '--epochs'?"));
  EXPECT_THAT(Wrong({"--frobnicate=3"}), HasSubstr("unknown option '--frobnicate'\n  'winnow train --help'"));
  EXPECT_THAT(Wrong({"--epochs"}), HasSubstr("--epochs: a value is missing"));
  EXPECT_THAT(Wrong({"--lr="}), HasSubstr("--lr: a value is missing"));
  EXPECT_THAT(Wrong({"--lr=", "1e-3"}), HasSubstr("--lr: a value is missing"));
  EXPECT_THAT(Wrong({"--output_dir=", "--overwrite"}), HasSubstr("--output-dir: a value is missing"));
  EXPECT_THAT(Wrong({"--warmup-ratio", "5"}),
              HasSubstr("at most 1\n  write shares as numbers from 0 to 1: 0.05 for 5 %"));
  EXPECT_THAT(Wrong({"--warmup-ratio", "5%"}), HasSubstr("'5%' is not a number\n  write shares"));
  EXPECT_THAT(Wrong({"-5 degrees"}), HasSubstr("specify it after '--'"));
  EXPECT_THAT(Wrong({"--test", "a.csv"}), HasSubstr("DATA... is an argument without a name: winnow train"));
  EXPECT_THAT(Wrong({"--random-state", "3"}), HasSubstr("did you mean '--seed'?"));
  EXPECT_THAT(Wrong({"--overwrite=maybe"}), HasSubstr("--overwrite: 'maybe' is neither true nor false"));
  EXPECT_THAT(Wrong({"--epochs", "0"}), HasSubstr("--epochs: 0 is out of range; it must be at least 1"));
  EXPECT_THAT(Wrong({"--lr", "0"}), HasSubstr("more than 0"));
  EXPECT_THAT(Wrong({"--lr", "nan"}), HasSubstr("'nan' is not a number"));
  EXPECT_THAT(Wrong({"--lr", "1e999"}), HasSubstr("too large"));
  EXPECT_THAT(Wrong({"--epochs", "99999999999"}), HasSubstr("out of range"));
  EXPECT_THAT(Wrong({"--seed", "-1"}), HasSubstr("--seed: '-1' is not a whole number"));
  EXPECT_THAT(Wrong({"--warmup-ratio", "1.5"}), HasSubstr("at most 1"));
  EXPECT_THAT(Wrong({"--lr-scheduler", "cosin"}), HasSubstr("not one of linear, cosine\n  did you mean 'cosine'?"));
  EXPECT_THAT(Wrong({"--precision", "f16"}), HasSubstr("not one of auto, f32"));
  EXPECT_THAT(Wrong({"--output-dir", ""}), HasSubstr("is empty; a path is required"));
  environment = {{"WINNOW_EPOCHS", "x"}};
  EXPECT_THAT(Wrong({}), HasSubstr("WINNOW_EPOCHS: 'x' is not a whole number"));
}

TEST_F(OptionsTest, ARivalFromAHigherOriginWins) {
  environment = {{"WINNOW_WARMUP_STEPS", "5"}};
  ASSERT_TRUE(Parse({"--warmup-ratio", ".5"}));
  EXPECT_EQ(values.warmup_ratio, .5);
  EXPECT_EQ(values.warmup_steps, std::nullopt);
}

TEST_F(OptionsTest, RivalsFromTheSameOriginExcludeEachOther) {
  EXPECT_THAT(Wrong({"--warmup-steps", "5", "--warmup-ratio", ".5"}),
              HasSubstr("--warmup-steps cannot be combined with --warmup-ratio"));
}

TEST_F(OptionsTest, ARequiredOptionMayComeFromAnywhereButMustCome) {
  std::string name;
  OptionTable strict("greet", "Greets.");
  strict.Add("name", &name, "Whom").Required();
  const std::vector<std::string> none;
  const OptionSources empty{[](const std::string&) { return std::nullopt; }, {}};
  EXPECT_EQ(strict.Parse(none, empty).error().Text(),
            "--name TEXT is missing\n  usage: winnow greet --name TEXT [options]");
  const OptionSources set{[](const std::string&) { return std::optional<std::string>("Ada"); }, {}};
  ASSERT_TRUE(strict.Parse(none, set));
  EXPECT_EQ(name, "Ada");
}

TEST_F(OptionsTest, AnArgumentTooManyIsAnError) {
  std::string one;
  OptionTable strict("show", "Shows.");
  strict.AddPositional("bundle", &one, "Which").Required();
  EXPECT_EQ(strict.Parse(std::vector<std::string>{"a", "b"}).error().Text(),
            "unexpected argument 'b'\n  usage: winnow show BUNDLE [options]");
}

TEST_F(OptionsTest, HelpIsAskedForEvenBesideMistakes) {
  EXPECT_EQ(Parse({"--epochs", "x", "--nonsense", "--help"}), ParseOutcome::kHelp);
  EXPECT_EQ(Parse({"-h"}), ParseOutcome::kHelp);
}

TEST_F(OptionsTest, HelpShowsEveryOptionItsDefaultAndItsSynonyms) {
  const std::string help = table.Help(100);
  EXPECT_THAT(help, HasSubstr("Usage: winnow train [DATA...] [options]"));
  EXPECT_THAT(help, HasSubstr("\nTraining:\n"));
  EXPECT_THAT(help,
              HasSubstr("  --lr X                      Peak learning rate (default: 2e-5; also --learning-rate)"));
  EXPECT_THAT(help, HasSubstr("--lr-scheduler linear|cosine"));
  EXPECT_THAT(
      help,
      HasSubstr("--keep-data, --no-keep-data\n                              Keep the held-out part (default: on)"));
  for (const int width : {0, 50, 79, 100, 10'000}) {
    std::istringstream lines(table.Help(width));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), width < 60 ? 60u : 120u) << line;
  }
}

TEST_F(OptionsTest, TheShortHelpShowsTheEssentialOptions) {
  bool help = false, common = false, rare = false;
  OptionTable greeting("greet", "Greets.");
  greeting.Add("common", &common, "Often used").Essential().Short('c');
  greeting.Add("rare", &rare, "Seldom used");
  greeting.AddHelp("help", &help, "Show this help");
  EXPECT_THAT(greeting.Help(), HasSubstr("  -c, --common                Often used\n"));
  EXPECT_THAT(greeting.Help(), HasSubstr("  -h, --help "));
  EXPECT_THAT(greeting.Help(), HasSubstr("\n1 more options: winnow greet --help-all\n"));
  EXPECT_THAT(greeting.Help(), Not(HasSubstr("--rare")));
  EXPECT_THAT(greeting.Help(100, true), HasSubstr("--rare"));
  EXPECT_EQ(greeting.Parse(std::vector<std::string>{"--help-all"}).value(), ParseOutcome::kHelpAll);
  ASSERT_TRUE(greeting.Parse(std::vector<std::string>{"-c"}));
  EXPECT_TRUE(common);
  EXPECT_EQ(table.Find("help-all"), nullptr) << "all options are shown where none is essential";
}

TEST_F(OptionsTest, MarkdownEscapesTheBarsOfItsTables) {
  EXPECT_THAT(table.Markdown(),
              HasSubstr("| `--lr-scheduler linear\\|cosine`<br>`--lr-scheduler-type` | linear | Schedule |"));
}

TEST_F(OptionsTest, RandomArgumentsAndFilesNeverThrow) {
  std::mt19937 random(1);
  const std::string alphabet = "-=_[]{}'\",.# \n\t%@!0aelpr\xff\x80\x01";
  const auto text = [&](size_t longest) {
    std::string result(random() % longest, ' ');
    for (char& c : result) c = alphabet[random() % alphabet.size()];
    return result;
  };
  size_t refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::string> arguments(random() % 5);
    for (std::string& argument : arguments) argument = (random() % 2 == 0 ? "--" : "") + text(12);
    refused += Parse(arguments) ? 0 : 1;
  }
  for (int i = 0; i < 300; ++i) {
    refused += Parse({"--config", Write("random.toml", text(60))}) ? 0 : 1;
  }
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace winnow
