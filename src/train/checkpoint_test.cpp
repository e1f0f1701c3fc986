#include "train/checkpoint.h"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>

#include "base/files.h"
#include "bundle/manifest.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

TextSet MakeSet(int count, int seed) {
  TextSet set;
  set.num_labels = 2;
  for (int t = 0; t < count; ++t) {
    set.texts.Append(TinyText(3 + t % 9, seed + t));
    set.labels.push_back((t * 7 + seed) % 3 == 0 ? 1 : 0);
    set.rows.push_back(static_cast<size_t>(t) + 1);
  }
  return set;
}

/// Trains in a directory, from its newest checkpoint if it has one, and can be cut off.
class Training {
 public:
  explicit Training(const TrainerOptions& options) : options_(options) {}

  /// Trains to the end, or as far as `stop`; the checkpoints stay.
  Result<TrainingResult> Run(int stop = -1) {
    std::optional<Checkpoint> checkpoint =
        NewestCheckpoint(dir.path(), [&](const std::string& note) { notes.push_back(note); });
    model = Model::Fresh(TinyConfig(), 1);
    std::optional<ResumePoint> resume;
    if (checkpoint) {
      TRY(RequireSameRun(*checkpoint, run));
      model = TRY(Model::Load(checkpoint->path, TinyConfig(), {.writable = true}));
      resume = checkpoint->Resume();
      begun_at = checkpoint->state.step;
    }
    int step = 0;
    return TrainModel(model, train, validation, options_, pool,
                      {.on_step =
                           [&](const StepReport& report) {
                             step = report.step;
                             if (step == spoil_at) {
                               model.at(model.layout().classifier)[0] = std::numeric_limits<float>::quiet_NaN();
                             }
                           },
                       .on_evaluation = {},
                       .on_checkpoint = [&](const TrainingState& state, const Optimizer& optimizer,
                                            const Model& m) { return Save(state, optimizer, m); },
                       .cancelled = [&] { return step == stop; }},
                      resume ? &*resume : nullptr);
  }

  Result<void> Save(const TrainingState& state, const Optimizer& optimizer, const Model& m) {
    const auto path = CheckpointPath(dir.path(), state.step);
    std::filesystem::create_directory(path);
    TRY(WriteModelConfig(path, m.config()));
    TRY(m.Save(path));
    TRY(WriteTrainingState(path, state, optimizer, run));
    TRY(SealBundle(path, {}));
    RemoveOldCheckpoints(dir.path(), state, true, limit);
    return {};
  }

  std::vector<std::string> Checkpoints() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) names.push_back(entry.path().filename());
    return names;
  }

  TemporaryDirectory dir;
  ThreadPool pool{2};
  TextSet train = MakeSet(70, 0), validation = MakeSet(30, 500);
  Model model = Model::Fresh(TinyConfig(), 1);
  RunIdentity run = {{"lr", 0.003}, {"training_data", "abc"}};
  int limit = 1;
  int begun_at = 0;
  int spoil_at = -1;  // step after which a weight is no number
  std::vector<std::string> notes;

 private:
  TrainerOptions options_;
};

TrainerOptions ThirtySteps() {
  TrainerOptions options;
  options.head_lr_factor = 1;
  options.epochs = 6;
  options.batch_size = 14;
  options.lr = 3e-3;
  options.warmup_ratio = 0.1;
  return options;
}

TEST(Checkpoint, AStopAnywhereChangesNoByte) {
  enum Kind { kByEpochs, kBySteps, kHeadAlone };
  for (const Kind kind : {kByEpochs, kBySteps, kHeadAlone}) {
    TrainerOptions options = ThirtySteps();
    if (kind == kHeadAlone) {
      options.frozen_depths = TinyConfig().num_layers + 1;
      options.save_steps = 3;
    }
    if (kind == kBySteps) {
      options.eval_steps = 4;
      options.save_steps = 3;
      options.accumulation = 2;
      options.batch_size = 7;
      options.gradient_checkpointing = true;
    }
    Training through(options);
    const auto expected = through.Run();
    ASSERT_TRUE(expected) << expected.error().Text();
    for (int stop = 1; stop < 30; stop += 4) {
      Training cut(options);
      ASSERT_EQ(cut.Run(stop).error().code, ErrorCode::kCancelled);
      ASSERT_EQ(cut.Run(std::min(stop + 7, 29)).error().code, ErrorCode::kCancelled);
      const auto result = cut.Run();
      ASSERT_TRUE(result) << result.error().Text();
      EXPECT_EQ(AllWeights(cut.model), AllWeights(through.model)) << "stopped at " << stop;
      EXPECT_EQ(result->validation_logits, expected->validation_logits);
      EXPECT_EQ(result->best().step, expected->best().step);
      EXPECT_EQ(result->state.tokens, expected->state.tokens);
      EXPECT_EQ(result->state.evaluations.size(), expected->state.evaluations.size());
      EXPECT_EQ(result->earlier_seconds > 0, cut.begun_at > 0);
      EXPECT_GE(result->state.wall_seconds, result->earlier_seconds);
      if (stop > 8) {
        EXPECT_GT(cut.begun_at, 0);
      }
      EXPECT_TRUE(cut.notes.empty());
    }
  }
}

TEST(Checkpoint, EarlyStoppingIsGoneOnWith) {
  TrainerOptions options = ThirtySteps();
  options.epochs = 40;
  options.patience = 3;
  Training through(options), cut(options);
  const auto expected = through.Run();
  ASSERT_TRUE(expected);
  ASSERT_TRUE(expected->stopped_early);
  EXPECT_FALSE(cut.Run(expected->state.step - 2));
  const auto result = cut.Run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->state.step, expected->state.step);
  EXPECT_EQ(AllWeights(cut.model), AllWeights(through.model));
}

TEST(Checkpoint, TornOnesArePassedOver) {
  TrainerOptions options = ThirtySteps();
  Training through(options);
  ASSERT_TRUE(through.Run());
  const auto tear = [](const std::filesystem::path& file) {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  };
  for (const std::string file : {"model.safetensors", "optimizer.safetensors", "trainer_state.json", "winnow.json"}) {
    Training cut(options);
    cut.limit = 9;
    ASSERT_FALSE(cut.Run(27));
    tear(CheckpointPath(cut.dir.path(), 25) / file);
    std::filesystem::create_directory(CheckpointPath(cut.dir.path(), 26));  // an empty one
    ASSERT_TRUE(cut.Run());
    EXPECT_EQ(cut.notes.size(), 2u) << file;
    EXPECT_THAT(cut.notes.front(), testing::HasSubstr("checkpoint-26"));
    EXPECT_EQ(cut.begun_at, 20);
    EXPECT_EQ(AllWeights(cut.model), AllWeights(through.model));
  }
}

TEST(Checkpoint, AnotherRunIsRefusedByName) {
  Training cut(ThirtySteps());
  ASSERT_FALSE(cut.Run(12));
  cut.run["lr"] = 0.004;
  const auto refused = cut.Run();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("was made with lr 0.003, but this run uses 0.004"));
  cut.run = {{"lr", 0.003}, {"training_data", "def"}};
  EXPECT_THAT(cut.Run().error().message, testing::HasSubstr("training_data"));
  cut.run = {{"lr", 0.003}};
  EXPECT_THAT(cut.Run().error().message, testing::HasSubstr("training_data"));
}

TEST(Checkpoint, ADivergingTrainingKeepsTheLastGoodOne) {
  for (const bool after_step : {false, true}) {
    Training training(ThirtySteps());
    training.spoil_at = after_step ? 15 : 12;  // 15 is an epoch's last step: its evaluation would come next
    const auto result = training.Run();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInternal);
    EXPECT_THAT(result.error().message, testing::HasSubstr("is NaN or infinite at step"));
    const auto newest = NewestCheckpoint(training.dir.path(), [](const std::string&) {});
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->state.step, 10);
  }
}

TEST(Checkpoint, TheBestAndTheNewestAreKept) {
  TrainerOptions options = ThirtySteps();
  options.save_steps = 2;
  for (const int limit : {1, 3}) {
    Training training(options);
    training.limit = limit;
    ASSERT_FALSE(training.Run(29));
    const auto newest = NewestCheckpoint(training.dir.path(), [](const std::string&) {});
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->state.step, 28);
    ASSERT_GE(newest->state.best, 0);
    EXPECT_TRUE(std::filesystem::exists(newest->Resume().best_checkpoint));
    EXPECT_LE(training.Checkpoints().size(), static_cast<size_t>(limit) + 1);
  }
}

TEST(Checkpoint, DamagedStatesAreRefused) {
  Training cut(ThirtySteps());
  ASSERT_FALSE(cut.Run(12));
  const auto path = CheckpointPath(cut.dir.path(), 10);
  const std::string good = ReadFile(path / kTrainerStateFile).value();
  for (size_t length = 0; length + 2 < good.size(); length += 13) {  // the last two may be an empty line
    ASSERT_TRUE(WriteFileAtomically(path / kTrainerStateFile, good.substr(0, length)));
    EXPECT_FALSE(ReadCheckpoint(path)) << length;
  }
  Json other = ParsedJson(good);
  other["global_step"] = 11;
  ASSERT_TRUE(WriteFileAtomically(path / kTrainerStateFile, other.dump()));
  EXPECT_FALSE(ReadCheckpoint(path));
  other = ParsedJson(good);
  other["winnow"]["best"] = 7;
  ASSERT_TRUE(WriteFileAtomically(path / kTrainerStateFile, other.dump()));
  EXPECT_FALSE(ReadCheckpoint(path));
}

TEST(Checkpoint, ANewerFormatIsRefusedWithTheVersionThatReadsIt) {
  Training cut(ThirtySteps());
  ASSERT_FALSE(cut.Run(12));
  const auto path = CheckpointPath(cut.dir.path(), 10);
  Json state = ParsedJson(ReadFile(path / kTrainerStateFile).value());
  state["winnow"]["format"] = 2;
  state["winnow"]["written_by"] = "7.8.9";
  ASSERT_TRUE(WriteFileAtomically(path / kTrainerStateFile, state.dump()));
  const Error newer = ErrorOf(ReadCheckpoint(path));
  EXPECT_EQ(newer.code, ErrorCode::kUnsupported);
  EXPECT_EQ(newer.hint, "use Winnow 7.8.9 or a newer version");
  state["winnow"].erase("format");  // as those that were written before there was one
  state["winnow"].erase("written_by");
  ASSERT_TRUE(WriteFileAtomically(path / kTrainerStateFile, state.dump()));
  EXPECT_TRUE(ReadCheckpoint(path));
}

}  // namespace
}  // namespace winnow
