# shellcheck shell=sh
# Runs a temporary PostgreSQL for as long as somebody holds the other end of this script's standard input.
#   sh -c "$(cat supervisor.sh)" supervisor BIN DIRECTORY
# When the holder lets go, killed or not, the server is stopped at once and DIRECTORY removed. Last words go to stderr.
set -u
trap '' HUP INT TERM
exec 3<&0 </dev/null
bin=$1 dir=$2

# The holder may read stderr only at the end: what is written must fit into a pipe.
finish() {
    tail -c 4000 "$dir/log" >&2
    rm -rf "$dir"
    exit 1
}

"$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --no-sync --locale=C --encoding=UTF8 \
    >"$dir/log" 2>&1 3<&- || finish

# Durability is for clusters that outlive the process that started them.
"$bin/postgres" -D "$dir/data" -p 5432 -c listen_addresses= -c unix_socket_directories="$dir" \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    -c shared_buffers=16MB >"$dir/log" 2>&1 3<&- &
server=$!

# Repeated, because a signal that comes before the server handles it is lost.
{
    cat <&3 >/dev/null
    while kill -QUIT "$server"; do sleep 0.1; done
} 2>/dev/null &
watcher=$!

wait "$server"
kill -KILL "$watcher"
finish
