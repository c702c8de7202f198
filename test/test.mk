# What the tests are built from; included by the Makefile.

TEST_PROGRAMS :=
