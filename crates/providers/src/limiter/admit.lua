-- Counts a try, unless it has to wait: failures.rs in Redis's words, as fail.lua counts.
-- KEYS[1] failures; ARGV: free, base, max, forget (microseconds), most doublings. Answers {1 if it was counted, the wait}.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free, base, max, forget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', KEYS[1], 'count', 'last', 'until')
local count, last, blocked = tonumber(known[1] or '0'), tonumber(known[2] or '0'), tonumber(known[3] or '0')
blocked = math.min(blocked, now + max)
if blocked > now then
  return {0, blocked - now}
end
if last + forget < now then
  count = 0
end
count = math.min(count + 1, 4294967295)
local wait = 0
if count > free then
  wait = math.min(base * 2 ^ math.min(count - free - 1, tonumber(ARGV[5])), max)
end
blocked = now + wait
local kept = math.max(blocked - now, forget)
redis.call('HSET', KEYS[1], 'count', string.format('%.0f', count), 'last', string.format('%.0f', now), 'until', string.format('%.0f', blocked))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(kept / 1000) + 1))
return {1, wait}
