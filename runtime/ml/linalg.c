/* linalg.c: thin layer over LAPACK. Its prototypes stand here, not from lapacke.h, which is another
 * package; character arguments carry their hidden length as gfortran passes it. */
#include "runtime/ml/linalg_int.h"

#include "runtime/base/mem.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

void dtpqrt_(const int *m, const int *n, const int *l, const int *nb, double *a, const int *lda,
             double *b, const int *ldb, double *t, const int *ldt, double *work, int *info);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_n);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_n);
void dtrtri_(const char *uplo, const char *diag, const int *n, double *a, const int *lda, int *info,
             size_t uplo_n, size_t diag_n);

void dsyevr_(const char *jobz, const char *range, const char *uplo, const int *n, double *a,
             const int *lda, const double *vl, const double *vu, const int *il, const int *iu,
             const double *abstol, int *m, double *w, double *z, const int *ldz, int *isuppz,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t jobz_n, size_t range_n, size_t uplo_n);

void linalg_setup(void)
{
    openblas_set_num_threads(1);
}

#define QR_BLOCK 32

/* [r; b] with the last l rows of b upper trapezoidal. */
static enum rc_t pentagon(struct ctx *cx, double *r, int k, double *b, int rows, int l, int ld)
{
    if (k == 0 || rows == 0) return RC_OK;
    int nb = k < QR_BLOCK ? k : QR_BLOCK, info = 0;
    void *work = NULL;
    TRY(mem_big(cx, mem_mul(sizeof(double) * 2 * (size_t)nb, (size_t)k), &work));
    dtpqrt_(&rows, &k, &l, &nb, r, &k, b, &ld, work, &nb, (double *)work + (size_t)nb * (size_t)k,
            &info);
    mem_big_free(work);
    if (info != 0) return fail(cx, E903, NO_SPAN, "the QR factorisation refused its input");
    return RC_OK;
}

enum rc_t qr_absorb(struct ctx *cx, double *r, int k, double *rows, int n, int ld)
{
    return pentagon(cx, r, k, rows, n, 0, ld);
}

enum rc_t qr_merge(struct ctx *cx, double *r, double *other, int k)
{
    return pentagon(cx, r, k, other, k, k, k);
}

void qr_drop_column(double *r, int k, int j)
{
    size_t ld = (size_t)k;
    for (int c = j; c + 1 < k; c++)
        memmove(r + (size_t)c * ld, r + (size_t)(c + 1) * ld, sizeof(double) * ld);
    for (int i = j; i + 1 < k; i++) { /* columns j.. hold one entry below the diagonal */
        double *col = r + (size_t)i * ld;
        double h = hypot(col[i], col[i + 1]);
        if (!(h > 0)) continue;
        double cos = col[i] / h, sin = col[i + 1] / h;
        for (int c = i; c + 1 < k; c++) {
            double *at = r + (size_t)c * ld + i;
            double a = at[0], b = at[1];
            at[0] = cos * a + sin * b;
            at[1] = cos * b - sin * a;
        }
    }
    for (int c = 1; c + 1 < k; c++) /* leading dimension k -> k - 1 */
        memmove(r + (size_t)c * (ld - 1), r + (size_t)c * ld, sizeof(double) * (ld - 1));
}

void tri_solve(const double *r, int ld, int m, double *x)
{
    if (m > 0) cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, m, r, ld, x, 1);
}

void tri_inverse(const double *r, int ld, int m, double *out)
{
    for (int c = 0; c < m; c++)
        for (int i = 0; i < m; i++)
            out[(size_t)c * (size_t)m + (size_t)i] =
                i <= c ? r[(size_t)c * (size_t)ld + (size_t)i] : 0.0;
    int info = 0;
    if (m > 0) dtrtri_("U", "N", &m, out, &m, &info, 1, 1);
}

void spd_factor(int n, double *a, double *scale, double *jitter)
{
    size_t ld = (size_t)n;
    *jitter = 0.0;
    for (size_t i = 0; i < ld; i++)
        scale[i] = a[i * ld + i] > 0 ? 1.0 / sqrt(a[i * ld + i]) : 1.0;
    double *copy = mem_alloc(mem_mul(sizeof(double) * ld, ld) + 1);
    for (size_t c = 0; c < ld; c++)
        for (size_t i = 0; i < ld; i++)
            copy[c * ld + i] = i <= c ? a[c * ld + i] * scale[c] * scale[i] : 0.0;
    for (double add = 0.0; n > 0; add = add > 0 ? add * 10 : 1e-14) {
        if (n) memcpy(a, copy, sizeof(double) * ld * ld);
        for (size_t i = 0; i < ld; i++)
            a[i * ld + i] = fmax(a[i * ld + i], 0.0) + add;
        int info = 0;
        dpotrf_("U", &n, a, &n, &info, 1);
        *jitter = add;
        if (info == 0 || add > 1.0) break;
    }
    mem_free(copy);
}

void spd_solve(int n, const double *a, const double *scale, double *x)
{
    if (n <= 0) return;
    for (int i = 0; i < n; i++)
        x[i] *= scale[i];
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, n, a, n, x, 1);
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, n, a, n, x, 1);
    for (int i = 0; i < n; i++)
        x[i] *= scale[i];
}

void spd_inverse(int n, double *a, const double *scale)
{
    if (n <= 0) return;
    size_t ld = (size_t)n;
    int info = 0;
    dpotri_("U", &n, a, &n, &info, 1);
    for (size_t c = 0; c < ld; c++)
        for (size_t i = 0; i <= c; i++) {
            double v = a[c * ld + i] * scale[c] * scale[i];
            a[c * ld + i] = v;
            a[i * ld + c] = v;
        }
}

/* Rows of the lower triangle are columns of the upper one to LAPACK. */
static int eigen_call(int n, double *a, const char *range, int k, double *values, double *vectors,
                      double *work, int n_work, int *iwork, int n_iwork)
{
    double none = 0;
    int info = 0, found = 0, from = n - k + 1;
    int *support = iwork + (n_iwork > 0 ? n_iwork : 1);
    dsyevr_(k ? "V" : "N", range, "U", &n, a, &n, &none, &none, &from, &n, &none, &found, values,
            vectors, &n, support, work, &n_work, iwork, &n_iwork, &info, 1, 1, 1);
    return info;
}

static void turn_vectors(int n, int k, double *vectors)
{
    size_t d = (size_t)n;
    for (size_t lo = 0, hi = (size_t)k; lo + 1 < hi; lo++) {
        hi--;
        for (size_t j = 0; j < d; j++) {
            double v = vectors[lo * d + j];
            vectors[lo * d + j] = vectors[hi * d + j];
            vectors[hi * d + j] = v;
        }
    }
}

/* All values by the first call, the vectors of the k largest by the second. */
enum rc_t sym_eigen(struct ctx *cx, int n, double *a, int k, double *values, double *vectors)
{
    size_t d = (size_t)n, cells = mem_mul(d, d);
    int n_work = 64 * n + 64, n_iwork = 10 * n + 16, info;
    void *room = NULL;
    if (n < 1) return RC_OK;
    TRY(mem_big(cx, sizeof(double) * (cells + (size_t)n_work + d) + sizeof(int) * (d * 12 + 32),
                &room));
    double *copy = room, *work = copy + cells, *some = work + n_work;
    int *iwork = (int *)(some + d);
    memcpy(copy, a, sizeof(double) * cells);
    info = eigen_call(n, copy, "A", 0, values, copy, work, n_work, iwork, n_iwork);
    if (info == 0 && k > 0)
        info = eigen_call(n, a, "I", k, some, vectors, work, n_work, iwork, n_iwork);
    mem_big_free(room);
    if (info != 0) return fail(cx, E903, NO_SPAN, "the eigenvalues of the columns were not found");
    for (size_t lo = 0, hi = d; lo + 1 < hi; lo++) {
        double v = values[lo];
        values[lo] = values[--hi];
        values[hi] = v;
    }
    turn_vectors(n, k, vectors);
    return RC_OK;
}
