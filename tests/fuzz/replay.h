/* replay.h: a main for fuzz targets that are not linked with libFuzzer: runs each file given as an argument. */
#ifndef MLNB_TESTS_FUZZ_REPLAY_H
#define MLNB_TESTS_FUZZ_REPLAY_H

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f) return 1;
        fseek(f, 0, SEEK_END);
        long n = ftell(f);
        rewind(f);
        uint8_t *p = malloc((size_t)(n > 0 ? n : 1));
        size_t got = p && n > 0 ? fread(p, 1, (size_t)n, f) : 0;
        fclose(f);
        LLVMFuzzerTestOneInput(p, got);
        free(p);
    }
    printf("%d inputs replayed\n", argc - 1);
    return 0;
}

#endif
