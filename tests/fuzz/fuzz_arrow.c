/* fuzz_arrow.c: any bytes as an Arrow file or stream. */
#define FUZZ_FORMAT "arrow"
#include "tests/fuzz/fuzz_scan.h"
