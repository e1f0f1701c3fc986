-- For wrk: posts the mails of the file $WINNOW_BENCH_MAILS (divided by zero bytes) in turn, and prints what it measured as one line of JSON.
dofile("bench/post.lua")

function init()
  local mails = {}
  for mail in io.open(os.getenv("WINNOW_BENCH_MAILS"), "rb"):read("*a"):gmatch("[^%z]+") do
    mails[#mails + 1] = wrk.format("POST", nil, {["Content-Type"] = "message/rfc822"}, mail)
  end
  local at = first * 997  -- threads start at different mails
  function request()
    at = at % #mails + 1
    return mails[at]
  end
end
