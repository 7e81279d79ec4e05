/* cmd_kernel.c: `mlnb kernel -f CONNECTION_FILE`. */
#include "kernel/cli/cli.h"
#include "kernel/jupyter/jupyter.h"

int cmd_kernel(const struct cli *c)
{
    if (!c->connection) return usage_error("kernel needs -f CONNECTION_FILE");
    return jupyter_main(c->connection);
}
