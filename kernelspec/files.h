/* files.h: the files of the kernelspec, compiled in (kernelspec/embed.cmake makes the .c). */
#ifndef MLNB_KERNELSPEC_FILES_H
#define MLNB_KERNELSPEC_FILES_H

#include <stddef.h>

struct kernelspec_file {
    const char *name; /* path under kernelspec/: "logo-svg.svg", "lab/package.json" */
    const unsigned char *bytes;
    size_t n;
};
extern const struct kernelspec_file kernelspec_files[]; /* ends with a NULL name */

#endif
