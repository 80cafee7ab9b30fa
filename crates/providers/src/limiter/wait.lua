-- How long a key has to wait. KEYS[1] failures. Answers microseconds, negative when it need not.
local time = redis.call('TIME')
return tonumber(redis.call('HGET', KEYS[1], 'until') or '0') - (time[1] * 1000000 + time[2])
