#include "server/message_check.h"

#include <chrono>
#include <memory>
#include <utility>

#include "filter/filter_model.h"
#include "filter/sender.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

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
      if (model) return self->Classify(*model);
      if (!self->check_.model.empty() && model.error().status == 404) return self->reply_(model.error().Response());
      self->Answer(self->service_->filter->filter().FallBack(std::move(self->progress_)));
    });
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
      if (results) {
        return self->Answer(filter.Decide(std::move(self->progress_), AnswerOf(model->classifier(), results->front())),
                            std::make_shared<const DecisionCounts>(model->Count(*results)));
      }
      // A model that fails is replaced by the rules. A full queue is not: clients must send less.
      const ApiError& error = results.error();
      if (error.status == 500 || error.type == "Unavailable") {
        return self->Answer(filter.FallBack(std::move(self->progress_)));
      }
      self->reply_(error.Response());
    });
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
  const Clock::time_point begin_ = Clock::now();
};

}  // namespace

void CheckMessage(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                  MessageCheck check, VerdictResponse response) {
  std::make_shared<Checking>(service, request, reply, std::move(check), std::move(response))->Start();
}

}  // namespace winnow
