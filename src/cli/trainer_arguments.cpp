// The names and meanings are those of transformers 4.57 and 5 (TrainingArguments, HfArgumentParser).
#include "cli/trainer_arguments.h"

#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluate/metrics.h"

namespace winnow {
namespace {

constexpr int kNever = std::numeric_limits<int>::max();

struct Compatible {
  const char* name;
  bool flag;
  std::vector<std::string> accepted;  // empty: every value
  const char* advice;
};

const std::vector<Compatible>& CompatibleArguments() {
  static constexpr char kCpu[] =
      "omit it; training runs on the CPU, and --precision bf16 or auto makes it faster if the CPU supports bf16";
  static constexpr char kAdam[] = "omit it; this value of AdamW is fixed: betas 0.9 and 0.999, epsilon 1e-8";
  static constexpr char kUpload[] = "omit it, and upload the trained directory: huggingface-cli upload NAME DIR";
  static const std::vector<Compatible> arguments = {
      // What training does anyway.
      {"load-best-model-at-end", true, {"true"}, "omit it; the weights of the best evaluation are always kept"},
      {"do-train", true, {"true"}, "use winnow evaluate to measure a model that is trained already"},
      {"do-eval", true, {}, ""},
      {"do-predict", true, {}, ""},
      {"optim", false, {"adamw_torch", "adamw_torch_fused", "adamw_hf", "adamw"}, "omit it; the optimizer is AdamW"},
      {"adam-beta1", false, {"0.9", ".9"}, kAdam},
      {"adam-beta2", false, {"0.999", ".999"}, kAdam},
      {"adam-epsilon", false, {"1e-8", "1e-08", "1.0e-8"}, kAdam},
      {"use-cpu", true, {}, ""},
      {"device", false, {"auto", "cpu"}, kCpu},
      {"no-cuda", true, {}, ""},
      {"fp16", true, {"false"}, kCpu},
      {"fp16-full-eval", true, {"false"}, kCpu},
      {"bf16-full-eval", true, {"false"}, kCpu},
      {"tf32", true, {"false"}, kCpu},
      {"push-to-hub", true, {"false"}, kUpload},
      {"dataloader-drop-last",
       true,
       {"false"},
       "omit it; the last batch of an epoch, which may be smaller, is used too"},
      {"torch-compile", true, {"false"}, "omit it; there is nothing to compile"},
      {"auto-find-batch-size",
       true,
       {"false"},
       "omit it; if memory does not suffice, the error names a batch size that fits"},
      {"eval-on-start", true, {"false"}, "omit it; the first evaluation is after the first epoch or --eval-steps"},
      {"ignore-data-skip", true, {"false"}, "omit it; --resume continues exactly where the training was interrupted"},
      {"save-safetensors", true, {"true"}, "omit it; weights are always written as safetensors"},
      {"past-index", false, {"-1"}, "omit it; text classifiers have no past key values"},
      // What changes the speed or the messages of the Trainer, and no result.
      {"dataloader-num-workers", false, {}, ""},
      {"dataloader-pin-memory", true, {}, ""},
      {"dataloader-persistent-workers", true, {}, ""},
      {"dataloader-prefetch-factor", false, {}, ""},
      {"group-by-length", true, {}, ""},
      {"remove-unused-columns", true, {}, ""},
      {"eval-accumulation-steps", false, {}, ""},
      {"logging-strategy", false, {}, ""},
      {"logging-steps", false, {}, ""},
      {"logging-first-step", true, {}, ""},
      {"logging-nan-inf-filter", true, {}, ""},
      {"save-only-model", true, {"false"}, "omit it; checkpoints contain what --resume needs"},
      {"prediction-loss-only", true, {"false"}, "omit it; evaluations compute all metrics"},
      {"full-determinism", true, {}, ""},
      {"skip-memory-metrics", true, {}, ""},
      {"ddp-find-unused-parameters", true, {}, ""},
      {"local-rank", false, {"-1", "0"}, "omit it; training runs on one machine"},
  };
  return arguments;
}

const std::vector<std::pair<const char*, const char*>>& RefusedArguments() {
  static constexpr char kOneMachine[] =
      "training runs in one process on one machine; --threads sets the number of threads";
  static constexpr char kUpload[] = "upload the trained directory: huggingface-cli upload NAME DIR";
  static const std::vector<std::pair<const char*, const char*>> arguments = {
      {"data-seed", "--seed determines the order of the data, too"},
      {"logging-dir", "--report-to tensorboard writes event files into runs/ in --output-dir"},
      {"run-name", "use --name for the name of the model"},
      {"lr-scheduler-kwargs", "use --num-cycles with --lr-scheduler cosine_with_restarts"},
      {"disable-tqdm", "use --quiet"},
      {"log-on-each-node", kOneMachine},
      {"deepspeed", kOneMachine},
      {"fsdp", kOneMachine},
      {"fsdp-config", kOneMachine},
      {"ddp-backend", kOneMachine},
      {"ddp-timeout", kOneMachine},
      {"half-precision-backend", "use --precision"},
      {"fp16-opt-level", "use --precision"},
      {"torch-compile-backend", "omit it; there is nothing to compile"},
      {"torch-compile-mode", "omit it; there is nothing to compile"},
      {"optim-args", "omit it; the optimizer is AdamW with --weight-decay, --lr and --layer-lr-decay"},
      {"optim-target-modules", "use --freeze or --layer-lr-decay"},
      {"neftune-noise-alpha", "use --dropout, --label-smoothing or --augment against overfitting"},
      {"eval-delay", "omit it; evaluations begin after the first epoch or --eval-steps"},
      {"label-names", "use --labels for the names of the labels, and --label-field for the column"},
      {"length-column-name", "omit it; batches need no padding"},
      {"hub-model-id", kUpload},
      {"hub-strategy", kUpload},
      {"hub-token", kUpload},
      {"hub-private-repo", kUpload},
      {"gradient-checkpointing-kwargs", "omit it; --gradient-checkpointing has no further settings"},
      {"per-gpu-train-batch-size", "use --batch-size"},
      {"per-gpu-eval-batch-size", "use --eval-batch-size"},
      {"train-file", "name the training files without an option: winnow train FILE..."},
      {"dataset-name", "use winnow data get for public data sets, and name the file: winnow train FILE..."},
      {"tokenizer-name", "omit it; the tokenizer is the base model's"},
      {"config-name", "omit it; the configuration is the base model's"},
      {"cache-dir", "set the environment variable HF_HOME"},
      {"token", "set the environment variable HF_TOKEN"},
      {"trust-remote-code", "omit it; code of a model is never executed"},
      {"max-train-samples",
       "omit it, and train on a smaller file, such as one that winnow data split or the command head writes"},
      {"max-eval-samples", "use --validation-size"}};
  return arguments;
}

Error NeedsSteps(const std::string& strategy, const char* option) {
  return {ErrorCode::kInvalidArgument, strategy + " steps requires " + option + " N", "specify it, or use epoch"};
}

}  // namespace

void AddTrainerArguments(TrainerArguments& arguments, OptionTable& table) {
  table.AcceptFlagValues();
  table.Add("eval-strategy", &arguments.eval_strategy, "")
      .OneOf({"no", "steps", "epoch"})
      .Alias("evaluation-strategy")
      .Hidden();
  table.Add("save-strategy", &arguments.save_strategy, "").OneOf({"no", "steps", "epoch", "best"}).Hidden();
  table.Add("bf16", &arguments.bf16, "").Hidden();
  table.Add("greater-is-better", &arguments.greater_is_better, "").Hidden();
  table.Add("resume-from-checkpoint", &arguments.resume_from_checkpoint, "").Hidden();
  for (const Compatible& argument : CompatibleArguments()) {
    table.AddCompatible(argument.name, argument.flag, argument.accepted, argument.advice);
  }
  for (const auto& [name, advice] : RefusedArguments()) table.Advise(name, advice);
}

Result<void> ApplyTrainerArguments(const TrainerArguments& arguments, TrainingPlan& plan) {
  TrainerPlan& trainer = plan.trainer;
  if (arguments.eval_strategy == "steps" && trainer.eval_steps == 0) {
    return std::unexpected(NeedsSteps("--eval-strategy", "--eval-steps"));
  }
  if (arguments.eval_strategy == "epoch") trainer.eval_steps = 0;
  if (arguments.eval_strategy == "no") trainer.eval_steps = kNever;  // then there is one at the end
  if (arguments.save_strategy == "steps" && trainer.save_steps == 0) {
    return std::unexpected(NeedsSteps("--save-strategy", "--save-steps"));
  }
  if (arguments.save_strategy == "epoch") trainer.save_steps = 0;
  if (arguments.save_strategy == "best") trainer.save_steps = kNever;  // evaluations that are the best one are saved
  if (arguments.save_strategy == "no") plan.output.checkpoints = false;
  if (arguments.bf16 && *arguments.bf16 && trainer.precision == "f32") {
    return Fail(ErrorCode::kInvalidArgument, "--bf16 cannot be combined with --precision f32",
                "specify only one of these options");
  }
  if (arguments.bf16 && trainer.precision == "auto") trainer.precision = *arguments.bf16 ? "bf16" : "f32";
  if (arguments.greater_is_better) {
    const bool higher = TRY(HigherIsBetter(trainer.metric));
    if (higher != *arguments.greater_is_better) {
      return Fail(ErrorCode::kInvalidArgument,
                  "--greater-is-better: a " + std::string(higher ? "higher" : "lower") + " " + trainer.metric +
                      " is the better one",
                  "omit it; Winnow knows it for each metric");
    }
  }
  const std::string& resume = arguments.resume_from_checkpoint;
  if (resume.empty() || resume == "False" || resume == "false" || resume == "None") return {};
  if (resume != "True" && resume != "true") {
    return Fail(ErrorCode::kInvalidArgument, "--resume-from-checkpoint: a path is not supported",
                "use --resume, which continues from the newest checkpoint in --output-dir");
  }
  plan.output.resume = true;
  return {};
}

}  // namespace winnow
