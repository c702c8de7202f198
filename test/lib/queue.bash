# queue: rows, the functions of the queue, called as a test needs them, and their plans.

# add N [COLUMNS VALUES]: N pending rows a1 ... aN of learner l.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload${2:+, $2})
         select 'a' || n, 'l', '{}'${3:+, $3} from generate_series(1, $1) n"
}

# add_as STATUS N: the same with that status.
add_as() {
    add "$2" status "'$1'"
}

# claim [N [WORKER]]: prints the atoms that were leased.
claim() {
    sql "select atom_id from greenlight_claim('${2:-w}', ${1:-1})"
}

# settle OUTCOME [ARGUMENTS]: for all rows by the token that they carry now.
settle() {
    sql "select s.settlement, s.status
           from (select array_agg(id order by id) ids, array_agg(lease_token order by id) tokens,
                        array_agg('$1'::text) outcomes from greenlight_queue) q,
                greenlight_settle(ids, tokens, outcomes${2:+, $2}) s"
}

# row COLUMNS: of the only row.
row() {
    sql "select $1 from greenlight_queue"
}

refuses() {
    run ! sql "$2"
    assert_output --partial "$1"
}

# plans SQL: how all statements in it, functions' too, come to their rows.
plans() {
    PGOPTIONS="-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0
        -c auto_explain.log_nested_statements=on -c auto_explain.log_level=notice -c auto_explain.log_analyze=on" \
        psql -XqAt -c "$1" 2>&1 | grep -E '(Scan|Removed|Cond)'
}

# uses INDEX SQL: by that index, without a walk over the table, a sort, or rows read in vain.
uses() {
    run -0 plans "$2"
    assert_output --partial "$1"
    refute_output --partial 'Seq Scan on greenlight_queue'
    refute_output --partial 'Bitmap Heap Scan on greenlight_queue'
    refute_output --regexp 'Rows Removed by [A-Za-z ]+: [0-9]{4}'
}
