# failover: a primary and a synchronous standby for a test, each a cluster on a
# socket of its own, and what an operator does when the primary dies.  Loads
# lib/evidence.
#
#     setup()    { failover_setup; }
#     teardown() { failover_teardown; }
#
# PG_DIR is always the primary, and what lib/postgres offers goes there; the
# programs know both hosts.

load lib/evidence

failover_setup() {
    cd "$BATS_TEST_TMPDIR" || return
    # A standby that waits to look for its primary again is promoted only then.
    start_postgres synchronous_commit=remote_apply wal_retrieve_retry_interval=100ms
    primary_pid=${postgres_pid:?}
    PG_STANDBY=$(mktemp -d /tmp/gl-pg.XXXXXX)
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$PG_STANDBY"
    drain_setup
    export GREENLIGHT_DATABASE_URL="host=$PG_DIR,$PG_STANDBY user=greenlight dbname=$PGDATABASE target_session_attrs=read-write"
    unset PGHOST
    audit
    start_standby
}

failover_teardown() {
    drain_teardown
    # shellcheck disable=SC2086 # pids
    kill -QUIT ${primary_pid-} ${standby_pid-} 2> /dev/null || true
    wait
    rm -rf "${PG_DIR:?}" "${PG_STANDBY:?}"
}

# start_standby: what is committed from here on is on two clusters.
start_standby() {
    (as_postgres "$PG_BIN/pg_basebackup" -h "$PG_DIR" -U greenlight -D "$PG_STANDBY/data" -R -c fast --no-sync)
    PG_DIR=$PG_STANDBY run_postgres
    standby_pid=$postgres_pid
    sql "alter system set synchronous_standby_names = '*'"
    sql "select pg_reload_conf()" > /dev/null
    eventually 20 is_synchronous
}

is_synchronous() {
    [ "$(sql "select sync_state from pg_stat_replication")" = sync ]
}

# stall: what is committed from here on waits for the standby, which does not read
# it; returns when some of it waits that the standby has not.
stall() {
    receiver_pid=$(PG_DIR=$PG_STANDBY sql "select pid from pg_stat_wal_receiver")
    eventually 20 stalls
}

stalls() {
    local written tries
    kill -STOP "$receiver_pid"
    written=$(PG_DIR=$PG_STANDBY sql "select written_lsn from pg_stat_wal_receiver")
    for tries in 1 2 3 4 5 6; do
        [ "$(sql "select pg_current_wal_flush_lsn() > '$written'
                     and exists (select from pg_stat_activity where wait_event = 'SyncRep')")" = f ] || return 0
    done
    kill -CONT "$receiver_pid"
    fail "after $tries looks no commit waits"
}

# fail_over lost|kept: kills the primary while commits wait, and promotes the
# standby: what waited did not get there, or did, though nobody was told.  Sets
# fate to what it was; the receiver may read on when it is to end.
fail_over() {
    local end
    stall
    end=$(sql "select pg_current_wal_flush_lsn()")
    kill_primary
    [ "$1" = kept ] || kill -TERM "$receiver_pid"
    kill -CONT "$receiver_pid"
    promote
    # shellcheck disable=SC2034 # for those who load this
    fate=$(sql "select case when pg_last_wal_replay_lsn() < '$end' then 'lost' else 'kept' end")
}

# Every process of it at once: stopped first, it makes no more children.
kill_primary() {
    kill -STOP "$primary_pid"
    # shellcheck disable=SC2046 # pids
    kill -9 "$primary_pid" $(< "/proc/$primary_pid/task/$primary_pid/children")
    wait "$primary_pid" || true
}

# The standby is the primary, and the next standby comes where that was.
promote() {
    local gone=$PG_DIR
    (as_postgres "$PG_BIN/pg_ctl" promote -s -D "$PG_STANDBY/data")
    PG_DIR=$PG_STANDBY PG_STANDBY=$gone
    primary_pid=$standby_pid standby_pid=
    rm -rf "$PG_STANDBY/data"
}
