#include "cli/console_observer.h"

#include <fmt/format.h>

#include <chrono>

#include "base/console.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"

namespace winnow {

void ConsoleObserver::Note(const std::string& line) { LogInfo("{}", line); }
void ConsoleObserver::Warn(const std::string& line) { LogWarning("{}", line); }
void ConsoleObserver::Detail(const std::string& line) { LogDebug("{}", line); }

void ConsoleObserver::OnProgress(std::string_view work, int64_t done, int64_t total) {
  const bool finished = total > 0 && done >= total;
  if (work != work_) {
    FinishWork();
    work_ = work;
    bar_.emplace(work_, total);
  } else if (!bar_ && !finished) {
    bar_.emplace(work_, total);
  }
  if (!bar_) return;  // told once more that it is finished
  bar_->SetTotal(total);
  bar_->Set(done);
  if (finished) FinishWork();
}

void ConsoleObserver::FinishWork() {
  if (bar_) bar_->Finish();
  bar_.reset();
}

void ConsoleObserver::OnStepsBegin(int done, int total) {
  FinishWork();
  work_.clear();
  losses_.clear();
  loss_ = seconds_ = 0;
  tokens_ = 0;
  steps_.emplace("train", total);
  if (done > 0) steps_->StartAt(done);
}

void ConsoleObserver::OnStep(const StepReport& step) {
  loss_ = seconds_ == 0 ? step.loss : 0.95 * loss_ + 0.05 * step.loss;
  losses_.push_back({static_cast<double>(step.step), step.loss});
  tokens_ += step.tokens;
  seconds_ += step.seconds;
  steps_->SetField("loss", fmt::format("{:.4f}", loss_));
  if (tokens_ > 0) {  // a head alone reads none
    steps_->SetField("", FormatCount(static_cast<int64_t>(static_cast<double>(tokens_) / seconds_)) + " tokens/s");
  }
  steps_->Advance();
}

void ConsoleObserver::OnEvaluation(const Evaluation& evaluation, const std::string& metric) {
  steps_->SetField(metric, fmt::format("{:.4f}", evaluation.metric));
  if (CurrentLogFormat() != LogFormat::kJson || !Logs(LogLevel::kInfo)) return;
  Json line = {{"level", "evaluation"},
               {"time", std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()},
               {"message", "evaluation"},
               {"epoch", evaluation.epoch},
               {"step", evaluation.step},
               {"loss", evaluation.validation_loss},
               {"train_loss", evaluation.train_loss},
               {"accuracy", evaluation.accuracy},
               {"f1_macro", evaluation.f1_macro},
               {"best", evaluation.best}};
  if (line.Find(metric) == nullptr) line[metric] = evaluation.metric;
  Console::Stderr().Print(line.dump());
}

void ConsoleObserver::OnStepsEnd() {
  steps_->Finish();
  steps_.reset();
}

void ConsoleObserver::OnBundleFiles(const std::filesystem::path& dir, const std::string& name,
                                    const TrainingState& state, const std::string& metric) {
  const auto drawn = PlotTraining(losses_, state.evaluations, metric, name, dir / "training.svg");
  if (!drawn) LogWarning("training.svg could not be written: {}", drawn.error().message);
}

bool ConsoleObserver::Cancelled() { return Interrupted(); }

}  // namespace winnow
