#!/usr/bin/env bats
# What share/ has for cron and systemd does what it says.

load lib/common
load lib/database
load lib/drain

setup() {
    drain_setup
}

teardown() {
    drain_teardown
}

# run_cron SECONDS: a cron that has ./cron.d and nothing else, and for which the
# next minute begins in 2 s.  It is root, and where we are not, is told so.
run_cron() {
    local view=(--bind / / --dev /dev --proc /proc --tmpfs /run --die-with-parent) same=()
    mkdir -p spool/crontabs
    : > crontab
    printf '%s required pam_permit.so\n' account auth session > pam
    if [ "$(id -u)" -eq 0 ]; then
        view+=(--cap-add ALL)
    else
        view+=(--unshare-user --uid 0 --gid 0)
        same=(strace -f -qq -o /dev/null -e inject=setgroups,chown,fchown:retval=0)
    fi
    timeout "$1" bwrap "${view[@]}" --ro-bind cron.d /etc/cron.d --ro-bind crontab /etc/crontab \
        --bind spool /var/spool/cron --ro-bind pam /etc/pam.d/cron -- \
        "${same[@]}" faketime -f '@2026-01-01 00:00:58' cron -f
}

# bats test_tags=plain
@test "share: cron takes the example as it stands, and drains the queue with it" {
    local cron_pid
    PATH=$PATH:/usr/sbin:/sbin
    start
    add 1 20
    mkdir cron.d
    sed -e "s|^PATH=.*|PATH=$GL_BUILD/bin:/usr/bin:/bin|" -e "s|^GREENLIGHT_API_URL=.*|GREENLIGHT_API_URL=$GREENLIGHT_API_URL|" \
        -e 's|  greenlight  |  root  |' "$GL_TOP/share/cron/greenlight" > cron.d/greenlight
    # What belongs to the test alone: where the queue and the spool are.
    sed -i "1i PGHOST=$PGHOST\nPGUSER=$PGUSER\nPGDATABASE=$PGDATABASE\nGREENLIGHT_SPOOL_DIR=$GREENLIGHT_SPOOL_DIR" cron.d/greenlight
    assert_equal "$(diff "$GL_TOP/share/cron/greenlight" cron.d/greenlight | grep -c '^<')" 3
    chmod 644 cron.d/greenlight
    run_cron 20 > cron.log 2>&1 3>&- &
    cron_pid=$!
    eventually 20 state_is 'complete 20'
    eventually 20 nothing_left
    kill "$cron_pid"
    wait "$cron_pid" || true
    [ ! -s cron.log ]
}

@test "share: systemd finds nothing wrong with the service and the timer" {
    cp "$GL_TOP"/share/systemd/gl-drain.* .
    sed -i "s|/usr/local/bin/gl-drain|$GL_BUILD/bin/gl-drain|" gl-drain.service
    run -0 systemd-analyze verify --man=no ./gl-drain.service ./gl-drain.timer
    refute_output --partial gl-drain
    sed 's/^Type=oneshot/Type=twoshots/' gl-drain.service > wrong.service
    run systemd-analyze verify --man=no ./wrong.service
    assert_output --partial wrong.service
}

@test "share: the service is hardened, and takes gl-drain's own options" {
    local service=$GL_TOP/share/systemd/gl-drain.service command
    run -0 systemd-analyze security --offline=true --threshold=20 "$service"
    command=$(sed -n 's|^ExecStart=/usr/local/bin/||p' "$service")
    [ -n "$command" ]
    start
    add 1 2
    # shellcheck disable=SC2086 # the words of a command
    run -0 $command -q
    state_is 'complete 2'
}
