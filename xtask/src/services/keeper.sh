# Starts a scratch PostgreSQL and Redis and keeps them for as long as standard input is open; then stops both by their
# process ids and removes their folder.
# Arguments: folder, folder of PostgreSQL's programs, redis-server, PostgreSQL's port, Redis' port, fsync (on or off).
set -u
folder=$1 programs=$2 redis=$3 postgres_port=$4 redis_port=$5 fsync=$6
postgres_id='' redis_id=''

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    fi
    exec "$@"
}

# Asks until it is heard: a server that is only just starting may miss a signal.
end() {
    [ -n "$2" ] || return 0
    while kill "-$1" "$2" 2>/dev/null; do sleep 0.2; done &
}

stop() {
    end INT "$postgres_id"
    end TERM "$redis_id"
    wait
    rm -rf "$folder"
}

chmod 755 "$folder"
mkdir "$folder/postgres" "$folder/redis"
if [ "$(id -u)" = 0 ]; then chown postgres "$folder/postgres"; fi

(as_postgres "$programs/initdb" --pgdata="$folder/postgres/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync --no-instructions) >"$folder/initdb.log" 2>&1 </dev/null || exit 1

as_postgres "$programs/postgres" -D "$folder/postgres/data" -p "$postgres_port" -k "$folder/postgres" \
    -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=128MB \
    -c fsync="$fsync" -c full_page_writes="$fsync" >"$folder/postgres.log" 2>&1 </dev/null &
postgres_id=$!

(cd "$folder/redis" && exec "$redis" --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$folder/redis") \
    >"$folder/redis.log" 2>&1 </dev/null &
redis_id=$!

# Until the other end of the pipe is gone.
cat >/dev/null
stop
