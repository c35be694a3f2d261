/* The program; `version` and `commit` say what was built.  Called as "docker", it calls itself so. */
#pragma once

int top_main(int argc, const char *const *argv, const char *version, const char *commit);
