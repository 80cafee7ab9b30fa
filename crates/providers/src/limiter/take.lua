-- Takes one request from a bucket: bucket.rs in Redis's words, with Redis's own clock, so that nodes need not agree on theirs.
-- KEYS[1] bucket; ARGV: cost, capacity (microseconds). Answers {1 if it may pass, what the bucket lacks}.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0')
full_at = math.min(math.max(full_at, now), now + capacity)
local after = full_at + cost
if after - now > capacity then
  return {0, full_at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', string.format('%.0f', math.ceil((after - now) / 1000) + 1))
return {1, after - now}
