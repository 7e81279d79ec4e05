/* model_file_int.h: what writing and reading the model file share. */
#ifndef MLNB_ML_MODEL_FILE_INT_H
#define MLNB_ML_MODEL_FILE_INT_H

#include "runtime/ml/ml_int.h"

#define MODEL_FILE_HEAD    "{\"mlnb_model\":"
#define MODEL_FILE_VERSION 1
#define MODEL_FILE_HEX     64 /* digits of the checksum */
#define MODEL_FILE_MAX     (256 << 20)

bool model_file_digest(const char *p, size_t n, char hex[MODEL_FILE_HEX + 1]);

#endif
