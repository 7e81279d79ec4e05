/* install.h: the files that `mlnb install` writes and `mlnb uninstall` removes. */
#ifndef MLNB_KERNEL_CLI_INSTALL_H
#define MLNB_KERNEL_CLI_INSTALL_H

#include "kernel/cli/cli.h"

#define KERNEL_FOLDER "kernels/mlnb"
#define LAB_FOLDER    "labextensions/mlnb-lab"
#define PACKAGE       "mlnb_jupyter"

/* One file in a folder, which is made; @VERSION@ and @WORDS@ are filled in. E306. */
rc install_text(struct ctx *cx, const char *folder, const char *name, struct str text);
/* Every embedded file whose name begins with `prefix`; without it, or (keep_name) with it. */
rc install_files(struct ctx *cx, const char *prefix, const char *folder, bool keep_name);
/* The Python package and its dist-info in a package folder, as pip would have left them: pip lists
 * and removes it. */
rc install_package(struct ctx *cx, const char *site);
/* Removes what install_package wrote, of any version; gives the number of folders. */
int remove_packages(const char *site);
/* Removes a folder with all in it, never through a symbolic link; one that is not there is fine.
 * Says so on stdout and adds to *n. False with errno. */
bool remove_folder(const char *path, int *n);

#endif
