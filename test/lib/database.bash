# database: a cluster for the file, and for each test a folder and a database of
# its own.  A file that needs more defines these functions after loading this one.

load lib/postgres

setup_file() {
    start_postgres
}

teardown_file() {
    stop_postgres
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    new_database
}
