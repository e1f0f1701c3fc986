#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/feedback_options.h"
#include "cli/output.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

struct FeedbackListOptions : FeedbackOptions {
  std::string user, id, label, type, source, since, until;
  int64_t after = 0;
  int limit = 100;
};

void Describe(FeedbackListOptions& options, OptionTable& table) {
  AddStoreOption(options, table);
  table.Group("Which events");
  table.Add("user", &options.user, "Events of this user").ValueName("NAME");
  table.Add("id", &options.id, "Events about the message with this id").ValueName("ID");
  table.Add("label", &options.label, "Events with this label").ValueName("LABEL");
  table.Add("type", &options.type, "Events of this feedback type").ValueName("TYPE");
  table.Add("source", &options.source, "Events of this source").ValueName("NAME");
  table.Add("since", &options.since, "Events at or after this time, in UTC").ValueName("TIME");
  table.Add("until", &options.until, "Events before this time, in UTC").ValueName("TIME");
  table.Add("after", &options.after, "Events with a greater number than this one, for the next page").AtLeast(0);
  table.Add("limit", &options.limit, "Maximum number of events").AtLeast(1);
  table.Describe("Lists events in the order in which they were stored; with --json, one per line.");
  table.Example("winnow feedback list --store sqlite:store.db --type user_rejection --since 2026-11-01",
                "what users have rejected since November");
}

std::string FeedbackLine(const StoredFeedback& stored) {
  const FeedbackEvent& event = stored.event;
  std::string label = event.label.value_or("");
  if (!event.label && event.is_spam) label = *event.is_spam ? "spam" : "ham";
  std::string text = Printable(event.text);
  constexpr size_t kShown = 60;
  if (text.size() > kShown) text = std::string(FirstBytes(text, kShown)) + "...";
  return fmt::format("{:>6}  {}  {:<17}  {:<8}  {:<12}  {}\n", stored.id, TimeText(event.created_at),
                     Printable(event.feedback_type), Printable(label), Printable(event.user_id.value_or("-")), text);
}

Result<void> Run(const FeedbackListOptions& options) {
  FeedbackFilter filter{.feedback_type = Given(options.type),
                        .message_id = Given(options.id),
                        .user_id = Given(options.user),
                        .label = Given(options.label),
                        .source = Given(options.source),
                        .since = TRY(ParseTimeOption("since", options.since)),
                        .until = TRY(ParseTimeOption("until", options.until)),
                        .after_id = options.after};
  const std::unique_ptr<Store> store = TRY(OpenExistingStore(options.store));
  HandleInterrupts();
  int left = options.limit;
  bool any = false;
  while (left > 0) {
    TRY(CheckInterrupted());
    filter.limit = std::min(left, 1000);
    const std::vector<StoredFeedback> page = TRY(store->ListFeedback(filter));
    std::string text;
    for (const StoredFeedback& stored : page)
      text += options.json ? DumpJsonLine(EventJson(stored)) + "\n" : FeedbackLine(stored);
    TRY(Print(text));
    any |= !page.empty();
    if (page.size() < static_cast<size_t>(filter.limit)) {
      if (!any) LogInfo("there are no such events");
      return {};
    }
    filter.after_id = page.back().id;
    left -= filter.limit;
  }
  filter.limit = 1;
  if (!TRY(store->ListFeedback(filter)).empty())
    LogInfo("there are more events: pass --after {} or a greater --limit", filter.after_id);
  return {};
}

}  // namespace

Command FeedbackListCommand() {
  return MakeCommand<FeedbackListOptions>("feedback list", "Lists the feedback in a store.", Describe, Run);
}

}  // namespace winnow
