/* fuzz_json.c: any bytes as JSON or JSON Lines. */
#define FUZZ_FORMAT "json"
#include "tests/fuzz/fuzz_scan.h"
