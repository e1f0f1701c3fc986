#include "milter/milter.h"

#include "base/log.h"
#include "base/open_files.h"
#include "cli/api_key.h"
#include "cli/commands.h"
#include "client/server_client.h"
#include "milter/listen_address.h"
#include "server/systemd.h"

namespace winnow {
namespace {

struct MilterCommandOptions : CommonOptions {
  std::string listen = "inet:8891@127.0.0.1";
  std::string server;
  std::optional<std::filesystem::path> api_key_file;
  SpamAction on_spam = SpamAction::kHeader;
  ErrorAction on_error = ErrorAction::kAccept;
  int timeout_ms = static_cast<int>(MailCheckOptions().timeout.count());
  uint64_t max_bytes = MilterOptions().max_bytes;
};

void Describe(MilterCommandOptions& options, OptionTable& table) {
  table.Describe(
      "Postfix or Sendmail asks this process about each message while it is being received. The message and its envelope "
      "are checked by POST /checkv2 of a server that runs with --filter. Headers are added to the message: X-Spam (Yes or "
      "No), X-Spam-Score and X-Spam-Symbols. Headers of these names that a message arrives with are removed.");
  table.Describe("SIGTERM ends the process after the checks in progress.");
  table.Add("listen", &options.listen, "Address for the mail server: inet:PORT@HOST, inet6:PORT@HOST or unix:PATH")
      .ValueName("ADDRESS");
  table.Add("server", &options.server, "Server that checks messages: an http, https or unix URL")
      .ValueName("URL")
      .Required();
  table
      .Add("api-key-file", &options.api_key_file,
           "File that contains the API key for the server; without it, the key is read from WINNOW_API_KEY")
      .ValueName("FILE");
  table.AddChoice(
      "on-spam", &options.on_spam,
      {{"header", SpamAction::kHeader}, {"quarantine", SpamAction::kQuarantine}, {"reject", SpamAction::kReject}},
      "What happens to spam: it is delivered with X-Spam: Yes, held in the queue, or rejected with status 550");
  table.AddChoice(
      "on-error", &options.on_error, {{"accept", ErrorAction::kAccept}, {"tempfail", ErrorAction::kTempFail}},
      "What happens to messages that cannot be checked: they are delivered with the header X-Spam-Skipped, or "
      "refused with status 451, after which the sender tries again");
  table.Add("timeout", &options.timeout_ms, "Time in milliseconds within which a verdict must arrive, retries included")
      .Range(1, 600'000);
  table
      .Add(
          "max-size", &options.max_bytes,
          "Maximum size of messages that are checked, in bytes; larger ones are delivered with the header X-Spam-Skipped. "
          "The server has a limit of its own, --max-body-mb")
      .AtLeast(1);
  table.Example("winnow milter --server http://127.0.0.1:8080",
                "for Postfix: smtpd_milters = inet:127.0.0.1:8891, milter_default_action = accept");
}

Result<void> Run(const MilterCommandOptions& options) {
  MilterOptions milter = {.listen = TRY(ParseMilterAddress(options.listen)),
                          .max_bytes = options.max_bytes,
                          .checker = {.check = {.server = TRY(ServerAddress::Parse(options.server)),
                                                .api_key = TRY(ReadApiKey(options.api_key_file)),
                                                .timeout = std::chrono::milliseconds(options.timeout_ms)},
                                      .on_spam = options.on_spam,
                                      .on_error = options.on_error}};
  const MailCheckOptions& check = milter.checker.check;
  WarnOfOpenKey(check.api_key, check.server, "messages");
  RaiseOpenFileLimit();  // each message has two connections
  return RunMilter(milter, [&] {
    LogInfo("listening at {}; messages are checked by {}", options.listen, check.server.shown);
    NotifySystemd("READY=1");
  });
}

}  // namespace

Command MilterCommand() {
  return MakeCommand<MilterCommandOptions>("milter", "Checks the mail of Postfix or Sendmail, as a milter.", Describe,
                                           Run);
}

}  // namespace winnow
