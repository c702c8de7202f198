# c_link: makes a program of tests and a learner's object; the first word is the function
# that is tested.
#
# What the object defines and the C library too is the learner's alone, else strcmp() of
# the tests could be its; where the tests use it, nobody could tell whose they mean.
cd ../greenlight || exit
names()
{
    nm "$@" | sed 's/.* //; s/@.*//' | sort -u
}
for library in libc.so.6 libm.so.6; do
    names -D --defined-only "$(gcc -print-file-name=$library)"
done | sort -u > /tmp/library
names -g --defined-only part.o | comm -12 - /tmp/library | grep -vx -- "$1" > /tmp/both
gcc -std=gnu17 -O1 -g -Wall -I../exercise -c -o /tmp/tests.o tests.c || exit
names -u /tmp/tests.o | comm -12 - /tmp/both > /tmp/doubtful
if read -r name < /tmp/doubtful; then
    echo "error: $name is a name of the C library's, which the tests use" >&2
    exit 1
fi
echo gl_none >> /tmp/both # an empty file is refused
objcopy --localize-symbols=/tmp/both part.o /tmp/part.o &&
    gcc -std=gnu17 -O1 -s -o /tmp/program verdict.c /tmp/tests.o /tmp/part.o -lm && exec cat /tmp/program >&3
