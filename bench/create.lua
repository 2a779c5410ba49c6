-- wrk's script: each request creates an order of three lines under an id of its own; the figures as one line of JSON.
local count = 0
local prefix = os.getenv("BENCH_ORDER_PREFIX")
local headers = { ["Content-Type"] = "application/json" }

function request()
  count = count + 1
  return wrk.format("POST", "/create-order", headers, '{"orderId":"' .. prefix .. count .. '","itemsCount":3}')
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'FIGURES {"requests":%d,"durationMs":%.3f,"p50Ms":%.3f,"p99Ms":%.3f,"broken":%d,"refused":%d}\n',
    summary.requests, summary.duration / 1000, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
