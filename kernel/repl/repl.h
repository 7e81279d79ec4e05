/* repl.h: the console: `mlnb`. */
#ifndef MLNB_KERNEL_REPL_REPL_H
#define MLNB_KERNEL_REPL_REPL_H

#include <stdbool.h>

struct repl_opts {
    bool plain, safe, color;
    int threads;
};
/* Reads, runs and shows until the end of input or .quit; returns the exit code. */
int repl_main(const struct repl_opts *opts);

#endif
