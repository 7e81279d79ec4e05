/* jupyter.h: the Jupyter kernel: `mlnb kernel -f CONNECTION_FILE`. */
#ifndef MLNB_KERNEL_JUPYTER_H
#define MLNB_KERNEL_JUPYTER_H

/* Serves until shutdown or the parent's end; returns the exit code. SIGINT, SIGTERM and SIGUSR1
 * must be blocked in the calling (only) thread. */
int jupyter_main(const char *connection_file);

#endif
