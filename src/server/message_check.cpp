#include "server/message_check.h"

#include <chrono>
#include <memory>
#include <utility>

#include "base/stopwatch.h"
#include "bundle/model_name.h"
#include "filter/filter_model.h"
#include "filter/sender.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

/// A message that both models of an experiment score. Nobody waits for the second one.
struct Comparison : std::enable_shared_from_this<Comparison> {
  Comparison(SharedService of, ArmAssignment arm, FilterMessage text, FilterProgress begun, std::string version)
      : service(std::move(of)),
        assignment(std::move(arm)),
        message(std::move(text)),
        progress(std::move(begun)),
        shown_version(std::move(version)) {}

  void Score(const ModelSet::Model& other, const Verdict& shown) {
    if (!CheckFilterModel(other->classifier())) return;
    ServedModel::Request texts;
    texts.texts.push_back(TextForModel(message, other->classifier().text_template()));
    texts.options = progress.options();
    other->Classify(std::move(texts), [self = shared_from_this(), other, shown](
                                          const ApiResult<std::vector<ClassifiedText>>& results, const ServedTimes&) {
      if (!results) return;  // the queue is full, say
      const Verdict hidden = self->service->filter->filter().Decide(std::move(self->progress),
                                                                    AnswerOf(other->classifier(), results->front()));
      self->Note(shown, hidden);
    });
  }

  void Note(const Verdict& shown, const Verdict& hidden) {
    const Verdict& champions = shown_version == assignment.champion() ? shown : hidden;
    const MessageRecord record = RecordOf(message, champions);
    service->experiments->live().Compared(assignment, shown.is_spam != hidden.is_spam,
                                          {.message_id = record.message_id,
                                           .text = record.text,
                                           .is_spam = champions.is_spam,
                                           .score = champions.score,
                                           .model_version = champions.model_version,
                                           .user_id = record.user_id,
                                           .created_at = record.created_at});
  }

  const SharedService service;
  const ArmAssignment assignment;
  const FilterMessage message;
  FilterProgress progress;
  const std::string shown_version;
};

/// A message from the reading of its request to its verdict.
class Checking : public std::enable_shared_from_this<Checking> {
 public:
  Checking(SharedService service, SharedRequest request, HttpReply reply, MessageCheck check, VerdictResponse response)
      : service_(std::move(service)),
        request_(std::move(request)),
        reply_(std::move(reply)),
        check_(std::move(check)),
        response_(std::move(response)) {}

  /// Looks up what is known about sender and user, in memory if possible, and goes on.
  void Start() {
    const FilterService& filter = *service_->filter;
    if (!filter.has_store()) return GoOn({});
    const std::string sender = NormalSender(check_.message.sender);
    if (std::optional<KnownState> known = filter.known().Cached(sender, check_.message.user)) return GoOn(*known);
    const bool posted = filter.reads().Post(request_->caller, [self = shared_from_this(), sender] {
      self->GoOn(self->service_->filter->known().Load(sender, self->check_.message.user));
    });
    if (!posted) GoOn({});  // a verdict does not wait for the store
  }

 private:
  /// Runs the steps before the classifier, and then the classifier.
  void GoOn(const KnownState& known) {
    Count("lookup", begin_);
    const Clock::time_point begin = Clock::now();
    progress_ = service_->filter->filter().Begin(check_.message, known, check_.requested);
    Count("rules", begin);
    if (progress_.decided) return Answer(*progress_.decided);
    service_->models->Use(check_.model, [self = shared_from_this()](const ApiResult<ModelSet::Model>& model) {
      if (model) return self->Assign(*model);
      if (!self->check_.model.empty() && model.error().status == 404) return self->reply_(model.error().Response());
      self->Answer(self->service_->filter->filter().FallBack(std::move(self->progress_)));
    });
  }

  /// Has the candidate of an experiment answer in place of the champion, if the user is in its arm.
  void Assign(const ModelSet::Model& champion) {
    if (service_->experiments) {
      assignment_ =
          service_->experiments->live().Assign(champion->name(), check_.message.user, progress_.verdict.id, StoreNow());
      // A request for a version gets that version.
      const bool by_version = !ParseModelSpec(check_.model).version.empty();
      if (assignment_ && (by_version || assignment_->champion() != champion->version())) assignment_.reset();
    }
    if (!assignment_ || assignment_->arm == Arm::kNone) return Classify(champion);
    service_->models->Use(SpecOf(assignment_->candidate()),
                          [self = shared_from_this(), champion](const ApiResult<ModelSet::Model>& candidate) {
                            self->Choose(champion, candidate);
                          });
  }

  /// Classifies with the version of the user's arm. While this server does not have the candidate yet, nobody of either
  /// arm is counted.
  void Choose(const ModelSet::Model& champion, const ApiResult<ModelSet::Model>& candidate) {
    if (!candidate && candidate.error().status == 404) {
      service_->experiments->NoteMissing(*assignment_);
      assignment_.reset();
      return Classify(champion);
    }
    if (!assignment_->shows_candidate()) return Classify(champion);
    failed_ = !candidate || !CheckFilterModel((*candidate)->classifier());
    if (failed_) return Classify(champion);
    champion_ = champion;
    Classify(*candidate);
  }

  /// Returns the name of a version of the model that the experiment is about.
  std::string SpecOf(const std::string& version) const {
    return assignment_->live->experiment().record.key.model + ":" + version;
  }

  void Classify(const ModelSet::Model& model) {
    const BundleClassifier& classifier = model->classifier();
    if (const Result<void> fits = CheckFilterModel(classifier); !fits) {
      return reply_(ApiError{.message = fits.error().message}.Response());
    }
    ServedModel::Request texts;
    texts.texts.push_back(TextForModel(check_.message, classifier.text_template()));
    texts.options = progress_.options();
    SetOrigin(*service_, *request_, texts);
    const Clock::time_point begin = Clock::now();
    model->Classify(std::move(texts), [self = shared_from_this(), model, begin](
                                          const ApiResult<std::vector<ClassifiedText>>& results, const ServedTimes&) {
      self->Count("classifier", begin);
      const SpamFilter& filter = self->service_->filter->filter();
      const bool broken = !results && (results.error().status == 500 || results.error().type == "Unavailable");
      if (results || broken) self->Note(SecondsSince(begin), broken);
      if (broken && self->champion_ != nullptr) return self->Classify(std::exchange(self->champion_, nullptr));
      if (results) {
        self->Compare(model);
        return self->Answer(filter.Decide(std::move(self->progress_), AnswerOf(model->classifier(), results->front())),
                            std::make_shared<const DecisionCounts>(model->Count(*results)));
      }
      // A model that fails is replaced by the rules. A full queue is not: clients must send less.
      if (broken) return self->Answer(filter.FallBack(std::move(self->progress_)));
      self->reply_(results.error().Response());
    });
  }

  /// Counts the answer of an arm, once.
  void Note(double seconds, bool failed) {
    if (!assignment_ || std::exchange(noted_, true)) return;
    service_->experiments->live().Answered(*assignment_, check_.message.user, seconds, failed || failed_, StoreNow());
  }

  /// Has the model that did not answer score the message, too, if it is one of those that both models score.
  void Compare(const ModelSet::Model& answering) {
    if (!assignment_ || !assignment_->compare || failed_) return;
    const bool by_candidate = answering->version() == assignment_->candidate();
    auto comparison =
        std::make_shared<Comparison>(service_, *assignment_, check_.message, progress_, answering->version());
    compare_ = [comparison, spec = SpecOf(by_candidate ? assignment_->champion() : assignment_->candidate())](
                   const Verdict& shown) {
      comparison->service->models->Use(spec, [comparison, shown](const ApiResult<ModelSet::Model>& other) {
        if (other) comparison->Score(*other, shown);
      });
    };
  }

  void Answer(const Verdict& verdict, std::shared_ptr<const DecisionCounts> decisions = {}) {
    if (service_->metrics) {
      service_->metrics->Filtered(SourceName(verdict.source), verdict.is_spam, SecondsSince(begin_));
    }
    if (service_->filter->has_store() && service_->filter->history() != nullptr) {
      service_->filter->history()->Add(RecordOf(check_.message, verdict));
    }
    HttpResponse response = response_(check_.message, verdict);
    response.decisions = std::move(decisions);
    reply_(std::move(response));
    if (compare_) compare_(verdict);
  }

  void Count(std::string_view step, Clock::time_point begin) const {
    if (service_->metrics) service_->metrics->FilterStep(step, SecondsSince(begin));
  }

  const SharedService service_;
  const SharedRequest request_;
  const HttpReply reply_;
  MessageCheck check_;
  const VerdictResponse response_;
  FilterProgress progress_;
  std::optional<ArmAssignment> assignment_;  // the arm of an experiment
  ModelSet::Model champion_;                 // in reserve while the candidate classifies
  bool failed_ = false;                      // the candidate cannot be used
  bool noted_ = false;
  std::function<void(const Verdict&)> compare_;  // after the answer
  const Clock::time_point begin_ = Clock::now();
};

}  // namespace

void CheckMessage(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                  MessageCheck check, VerdictResponse response) {
  std::make_shared<Checking>(service, request, reply, std::move(check), std::move(response))->Start();
}

}  // namespace winnow
