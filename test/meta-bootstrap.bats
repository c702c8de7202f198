#!/usr/bin/env bats
# bats file_tags=plain
# Shows what ./bootstrap says and installs, with stand-ins for dpkg and apt.

load lib/common

# A dpkg-query that knows no package but those in the file `installed`, and an
# apt-get that notes how it was called and installs what it is told to.
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir bin
    touch installed calls
    cat > bin/dpkg-query << 'END'
#!/bin/sh
for package; do :; done
grep -qx "$package" "$BATS_TEST_TMPDIR/installed" && printf installed
END
    cat > bin/apt-get << 'END'
#!/bin/sh
echo "apt-get $*" >> "$BATS_TEST_TMPDIR/calls"
[ "$1" = install ] || exit 0
for word; do echo "$word"; done >> "$BATS_TEST_TMPDIR/installed"
END
    cat > bin/sudo << 'END'
#!/bin/sh
exec "$@"
END
    chmod +x bin/*
    PATH=$PWD/bin:$PATH
}

@test "bootstrap: alone it says what it can do, and installs nothing" {
    run -0 "$GL_TOP/bootstrap"
    assert_output --partial "deps [--dry-run]"
    [ ! -s calls ]
}

@test "bootstrap: deps --dry-run names what is missing and why, and installs nothing" {
    echo make > installed
    run -0 "$GL_TOP/bootstrap" deps --dry-run build
    assert_line "bootstrap: missing: gcc (the C compiler)"
    refute_output --partial "missing: make"
    refute_output --partial "missing: bats"
    assert_line --regexp "would run: apt-get install .* gcc "
    [ ! -s calls ]
}

@test "bootstrap: a package of two groups is told of once" {
    run -0 "$GL_TOP/bootstrap" deps --dry-run test package
    assert_equal "$(grep -c 'missing: git ' <<< "$output")" 1
    assert_equal "$(grep -c 'missing: lintian ' <<< "$output")" 1
}

@test "bootstrap: deps installs what is missing, once" {
    run -0 "$GL_TOP/bootstrap" deps build runtime
    grep -qx gcc installed
    grep -qx bubblewrap installed
    run -1 grep -qx shellcheck installed
    : > calls
    run -0 "$GL_TOP/bootstrap" deps build runtime
    [ ! -s calls ]
}

@test "bootstrap: deps fails when a package cannot be installed" {
    printf '#!/bin/sh\nexit 100\n' > bin/apt-get
    run ! "$GL_TOP/bootstrap" deps build
}

@test "bootstrap: another command or group is refused" {
    run -64 "$GL_TOP/bootstrap" frobnicate
    run -64 "$GL_TOP/bootstrap" deps everything
    [ ! -s calls ]
}
