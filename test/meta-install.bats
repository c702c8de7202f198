#!/usr/bin/env bats
# bats file_tags=plain
# Shows what `make install`, `make uninstall` and `make dist` leave behind.

load lib/common

make_in() {
    env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$@"
}

@test "install: programs, pages and data go below DESTDIR and PREFIX, and uninstall takes them all out" {
    local root=$BATS_TEST_TMPDIR/root file
    make_in "$GL_TOP" BUILD="$GL_BUILD" SANITIZE="${GL_SANITIZE-}" DESTDIR="$root" PREFIX=/usr install
    run -0 "$root/usr/bin/gl-route" --version
    for file in "$GL_TOP"/man/*.1; do
        [ -f "$root/usr/share/man/man1/${file##*/}" ]
    done
    for file in "$GL_TOP"/share/examples/*; do
        [ -x "$root/usr/share/examples/${file##*/}" ]
    done
    grep -qx 'ExecStart=/usr/bin/gl-drain .*' "$root/usr/lib/systemd/system/gl-drain.service"
    run -0 find "$root" -type f -perm /022
    assert_output ""
    run -0 find "$root" -xtype l # each link leads to something
    assert_output ""

    make_in "$GL_TOP" BUILD="$GL_BUILD" DESTDIR="$root" PREFIX=/usr uninstall
    run -0 find "$root" ! -type d -o -name greenlight
    assert_output ""
}

# packages FIELD: the names in that field of debian/control.
packages() {
    awk -v field="$1:" '/^[^ ]/ { inside = $1 == field } inside { sub(field, ""); print }' "$GL_TOP/debian/control" |
        grep -oE '[a-z0-9.-]+' | grep -vE '^(misc|shlibs|debhelper-compat|13)$' | sort
}

# bootstraps GROUP: the packages that bootstrap has for it.
bootstraps() {
    sed -nE "s/^$1 +([a-z0-9.-]+) .*/\1/p" "$GL_TOP/bootstrap" | sort
}

@test "package: it has the version of the programs, and what bootstrap knows them to need" {
    local version
    version=$(sed -n 's/.*GL_VERSION "\(.*\)".*/\1/p' "$GL_TOP/libcommon/cli.h")
    [[ $(head -n 1 "$GL_TOP/debian/changelog") == "greenlight-tools ($version) "* ]]
    grep -q "^## $version" "$GL_TOP/CHANGELOG.md"
    # util-linux is essential, the compiler too where packages are built, and the rest is the mock's.
    diff <(bootstraps runtime | grep -vx util-linux) <(packages Recommends)
    diff <(bootstraps build | grep -vxE 'gcc|make|libc6-dev|libgnutls28-dev') \
        <(packages Build-Depends | grep .)
}

@test "dist: two people pack the same bytes from one commit" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/test"
    cp -r "$GL_TOP/Makefile" "$GL_TOP/libcommon" "$tree"
    cp "$GL_TOP"/test/*.mk "$tree/test"
    cd "$tree"
    git init -q
    git add .
    git -c user.name=a -c user.email=a@localhost commit -q -m tree
    (umask 077 && TZ=Asia/Tokyo make_in "$tree" BUILD="$BATS_TEST_TMPDIR/one" dist)
    (umask 002 && touch Makefile && make_in "$tree" BUILD="$BATS_TEST_TMPDIR/two" dist)
    cmp "$BATS_TEST_TMPDIR"/one/*.tar.xz "$BATS_TEST_TMPDIR"/two/*.tar.xz
    run -0 tar -tf "$(echo "$BATS_TEST_TMPDIR"/one/*.tar.xz)"
    assert_line --regexp '^greenlight-tools-[0-9.]+/Makefile$'
}
