# Ends what a drill has started, should the drill itself be killed, and removes its folder. It hears of every process by a
# line on standard input: `started PID SIGNAL` or `ended PID`. When the other end of the pipe is gone, it is time.
# Argument: the folder.
set -u
folder=$1 running=''

while read -r what pid signal; do
    case $what in
    started) running="$running $pid:$signal" ;;
    ended)
        left=''
        for entry in $running; do [ "${entry%%:*}" = "$pid" ] || left="$left $entry"; done
        running=$left
        ;;
    esac
done

for entry in $running; do
    # Each leads a group of its own. One that is frozen hears nothing else.
    kill -s "${entry##*:}" -- "-${entry%%:*}" 2>/dev/null
    kill -s CONT -- "-${entry%%:*}" 2>/dev/null
done
# PostgreSQL kills its own children after five seconds, should they be frozen.
tries=0
while [ -n "$running" ] && [ "$tries" -lt 100 ]; do
    left=''
    for entry in $running; do kill -0 "${entry%%:*}" 2>/dev/null && left="$left $entry"; done
    running=$left tries=$((tries + 1))
    [ -z "$running" ] || sleep 0.1
done
for entry in $running; do kill -s KILL -- "-${entry%%:*}" 2>/dev/null; done
rm -rf "$folder"
