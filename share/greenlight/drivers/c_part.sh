# c_part: compiles a learner's files into one object, where the tests are not.
gcc -std=gnu17 -O1 -g -Wall -I. -r -nostdlib -o /tmp/part.o "$@" && exec cat /tmp/part.o >&3
