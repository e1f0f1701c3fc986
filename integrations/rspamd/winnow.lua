--[[
Asks a Winnow server about each message, and adds WINNOW_SPAM or WINNOW_HAM with what the model, the rules and the
corrections of the users say together. A server that does not answer in time changes nothing but WINNOW_FAIL, which has
no score.

Options are in the section "winnow" of the configuration (see winnow.conf). For rspamd 3.4 and newer.
]]--

local rspamd_http = require "rspamd_http"
local rspamd_logger = require "rspamd_logger"
local lua_util = require "lua_util"
local ucl = require "ucl"

local N = "winnow"

local settings = {
  url = "http://127.0.0.1:8080", -- of the server, without a path
  key = nil,                     -- API key with the role classify
  timeout = 2.0,                 -- seconds
  max_size = 1024 * 1024,        -- bytes; larger messages are not sent
  max_spam_score = 10.0,         -- most points of WINNOW_SPAM
  max_ham_score = 5.0,           -- most points that WINNOW_HAM subtracts
}

-- Score from which Winnow calls a message spam. The distance from it is the log-odds of the verdict.
local SPAM_SCORE = 6.0

local function request_headers(task)
  local headers = {
    ["Password"] = settings.key,
    ["Queue-Id"] = task:get_queue_id(),
    ["Helo"] = task:get_helo(),
    ["Hostname"] = task:get_hostname(),
    ["User"] = task:get_user(),
  }
  local deliver_to = task:get_request_header("Deliver-To")
  if deliver_to then headers["Deliver-To"] = tostring(deliver_to) end
  local recipients = task:get_recipients("smtp")
  if recipients and recipients[1] then headers["Rcpt"] = recipients[1].addr end
  local from = task:get_from("smtp")
  if from and from[1] then headers["From"] = from[1].addr end
  local ip = task:get_from_ip()
  if ip and ip:is_valid() then headers["IP"] = ip:to_string() end
  return headers
end

local function failed(task, reason)
  rspamd_logger.warnx(task, "%s: no verdict: %s", N, reason)
  task:insert_result("WINNOW_FAIL", 1.0, reason)
end

local function add_verdict(task, body)
  local parser = ucl.parser()
  local parsed, problem = parser:parse_text(body)
  if not parsed then return failed(task, "the answer is no JSON: " .. problem) end
  local reply = parser:get_object()
  if type(reply.score) ~= "number" or type(reply.winnow) ~= "table" then
    return failed(task, "the answer is not that of a Winnow server")
  end
  local log_odds = reply.score - SPAM_SCORE
  local reason = string.format("%.4f, %s", reply.winnow.score, reply.winnow.source)
  if reply.winnow.isSpam then
    task:insert_result("WINNOW_SPAM", math.max(0, math.min(log_odds, settings.max_spam_score)), reason)
  else
    task:insert_result("WINNOW_HAM", math.max(0, math.min(-log_odds, settings.max_ham_score)), reason)
  end
end

local function check(task)
  local size = task:get_size()
  if size == 0 or size > settings.max_size then
    lua_util.debugm(N, task, "a message of %s bytes is not sent", size)
    return
  end
  local asked = rspamd_http.request({
    task = task,
    url = settings.url .. "/checkv2",
    method = "POST",
    body = task:get_content(),
    mime_type = "message/rfc822",
    headers = request_headers(task),
    timeout = settings.timeout,
    callback = function(err, code, body)
      if err then return failed(task, tostring(err)) end
      if code ~= 200 then return failed(task, "the server answers with status " .. tostring(code)) end
      add_verdict(task, body)
    end,
  })
  if not asked then failed(task, "the server cannot be asked") end
end

local options = rspamd_config:get_all_opt(N)
if options then
  if options.enabled == false then
    rspamd_logger.infox(rspamd_config, "%s is disabled", N)
    return
  end
  settings = lua_util.override_defaults(settings, options)
end
settings.url = settings.url:gsub("/+$", "")

local parent = rspamd_config:register_symbol({ name = "WINNOW_CHECK", type = "callback", callback = check })
for name, score in pairs({ WINNOW_SPAM = 1.0, WINNOW_HAM = -1.0, WINNOW_FAIL = 0.0 }) do
  rspamd_config:register_symbol({ name = name, type = "virtual", parent = parent })
  rspamd_config:set_metric_symbol({ name = name, score = score, group = N })
end
