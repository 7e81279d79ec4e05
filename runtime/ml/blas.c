/* blas.c: OpenBLAS, loaded at the first fit. With its Fortran runtime it is 2 MB of resident memory
 * and a thread that a session without models does not need. The functions in use are defined here
 * under their own names and pass their arguments on; one that is missing here links all the same,
 * and then the library is loaded at the start of the program again (tests/kernel/test_life.py
 * tells). */
#include "runtime/ml/linalg_int.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

/* FUNCTION(name, parameters, arguments) */
#define BLAS_FUNCTIONS(F)                                                                          \
    F(openblas_set_num_threads, (int n), (n))                                                      \
    F(cblas_dscal, (blasint n, double a, double *x, blasint dx), (n, a, x, dx))                    \
    F(cblas_dgemv,                                                                                 \
      (enum CBLAS_ORDER o, enum CBLAS_TRANSPOSE t, blasint m, blasint n, double alpha,             \
       const double *a, blasint lda, const double *x, blasint dx, double beta, double *y,          \
       blasint dy),                                                                                \
      (o, t, m, n, alpha, a, lda, x, dx, beta, y, dy))                                             \
    F(cblas_dtrsv,                                                                                 \
      (enum CBLAS_ORDER o, enum CBLAS_UPLO u, enum CBLAS_TRANSPOSE t, enum CBLAS_DIAG d,           \
       blasint n, const double *a, blasint lda, double *x, blasint dx),                            \
      (o, u, t, d, n, a, lda, x, dx))                                                              \
    F(cblas_dsyrk,                                                                                 \
      (enum CBLAS_ORDER o, enum CBLAS_UPLO u, enum CBLAS_TRANSPOSE t, blasint n, blasint k,        \
       double alpha, const double *a, blasint lda, double beta, double *c, blasint ldc),           \
      (o, u, t, n, k, alpha, a, lda, beta, c, ldc))                                                \
    F(dtpqrt_,                                                                                     \
      (const int *m, const int *n, const int *l, const int *nb, double *a, const int *lda,         \
       double *b, const int *ldb, double *t, const int *ldt, double *work, int *info),             \
      (m, n, l, nb, a, lda, b, ldb, t, ldt, work, info))                                           \
    F(dpotrf_, (const char *u, const int *n, double *a, const int *lda, int *info, size_t u_n),    \
      (u, n, a, lda, info, u_n))                                                                   \
    F(dpotri_, (const char *u, const int *n, double *a, const int *lda, int *info, size_t u_n),    \
      (u, n, a, lda, info, u_n))                                                                   \
    F(dsyevr_,                                                                                     \
      (const char *jobz, const char *range, const char *uplo, const int *n, double *a,             \
       const int *lda, const double *vl, const double *vu, const int *il, const int *iu,           \
       const double *abstol, int *m, double *w, double *z, const int *ldz, int *isuppz,            \
       double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_n,    \
       size_t range_n, size_t uplo_n),                                                             \
      (jobz, range, uplo, n, a, lda, vl, vu, il, iu, abstol, m, w, z, ldz, isuppz, work, lwork,    \
       iwork, liwork, info, jobz_n, range_n, uplo_n))                                              \
    F(dtrtri_,                                                                                     \
      (const char *u, const char *d, const int *n, double *a, const int *lda, int *info,           \
       size_t u_n, size_t d_n),                                                                    \
      (u, d, n, a, lda, info, u_n, d_n))

static struct {
    bool is_there;
#define FIELD(name, parameters, arguments) void(*name) parameters;
    BLAS_FUNCTIONS(FIELD)
#undef FIELD
} lib;
static pthread_once_t lib_once = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *h = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    bool all = h != NULL;
    if (!h) return;
#define LOAD(name, parameters, arguments)                                                          \
    {                                                                                              \
        void *at = dlsym(h, #name);                                                                \
        memcpy(&lib.name, &at, sizeof at); /* ISO C has no cast from data to function */           \
        all &= at != NULL;                                                                         \
    }
    BLAS_FUNCTIONS(LOAD)
#undef LOAD
    lib.is_there = all;
}

rc linalg_load(struct ctx *cx, struct span span)
{
    pthread_once(&lib_once, load);
    if (lib.is_there) return RC_OK;
    fail(cx, E305, span, "models are fitted with the library OpenBLAS, which is not here");
    return err_note(cx, "Debian and Ubuntu: apt install libopenblas0");
}

/* The functions themselves; linalg_load went well before. */
#define FORWARD(name, parameters, arguments)                                                       \
    void name parameters;                                                                          \
    void name parameters                                                                           \
    {                                                                                              \
        pthread_once(&lib_once, load);                                                             \
        lib.name arguments;                                                                        \
    }
BLAS_FUNCTIONS(FORWARD)
