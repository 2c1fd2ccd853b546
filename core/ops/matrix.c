#include "core/ops/matrix_internal.h"

#include <omp.h>

#include "core/base/alloc.h"

/* Some 4 us of work: a second thread takes 1 to 2 us to start and to join (measured). */
#define MULTIPLICATIONS_PER_THREAD (192 * 1024)
/* Rows that fill the registers of the widest kernel twice. */
#define GOOD_ROWS 28

size_t dsc_work_floats(size_t n)
{
    size_t bytes;

    if (!dsc_mul_size(n, sizeof(float), &bytes) || !dsc_add_size(bytes, DSC_ALIGN - 1, &bytes))
        return SIZE_MAX;
    return bytes / DSC_ALIGN * DSC_ALIGN;
}

size_t dsc_work_add(size_t a, size_t b)
{
    size_t sum;

    return dsc_add_size(a, b, &sum) ? sum : SIZE_MAX;
}

size_t dsc_right_at(const struct dsc_right *r, size_t i)
{
    size_t at = 0;

    for (size_t j = 0; j < i; j++) {
        size_t n = dsc_packed_count(r[j].k, r[j].m);

        if ((!n && r[j].k && r[j].m) || !dsc_add_size(at, n, &at))
            return SIZE_MAX;
    }
    return at;
}

size_t dsc_right_bytes(const struct dsc_right *r, size_t n)
{
    return dsc_work_floats(dsc_right_at(r, n));
}

void dsc_right_fill(float *packed, const struct dsc_right *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dsc_packed_fill(packed + dsc_right_at(r, i), r[i].w + r[i].column, r[i].ldw, r[i].k,
                        r[i].m);
}

enum dsc_status dsc_right_pack(const struct dsc_right *r, size_t n, void **out)
{
    size_t bytes = dsc_right_bytes(r, n);
    float *packed = bytes < SIZE_MAX ? dsc_malloc(bytes, 1) : NULL;

    if (!packed)
        return dsc_fail_nomem("packed weights");
    dsc_right_fill(packed, r, n);
    *out = packed;
    return DSC_OK;
}

int dsc_threads_for_product(int n_threads, size_t multiplications)
{
    size_t most = multiplications / MULTIPLICATIONS_PER_THREAD;

    if (most < 2)
        return 1;
    return most < (size_t)n_threads ? (int)most : n_threads;
}

struct dsc_part dsc_part_of(size_t n, size_t unit, int i, int n_threads)
{
    size_t units = n / unit + (n % unit != 0), parts = (size_t)n_threads, at = (size_t)i;
    size_t begin = units / parts * at + DSC_MIN(units % parts, at);
    size_t end = begin + units / parts + (at < units % parts);

    return (struct dsc_part){ DSC_MIN(begin * unit, n), DSC_MIN(end * unit, n) };
}

void dsc_matrix_product(const struct dsc_product *p, size_t rows, int n_threads)
{
    const size_t panels = dsc_packed_panels(p->m);
    const int n = dsc_threads_for_product(n_threads, rows * p->k * p->m);
    /* Threads that share columns read the whole right side each; that pays for many rows only. */
    const bool by_rows = rows >= GOOD_ROWS * (size_t)n && (rows >= 512 || panels < 4 * (size_t)n);

    if (n == 1) {
        dsc_product_run(p, 0, rows, 0, panels);
        return;
    }
#pragma omp parallel num_threads(n)
    {
        const int i = omp_get_thread_num(), of = omp_get_num_threads();

        if (by_rows || panels < (size_t)of) {
            struct dsc_part part = dsc_part_of(rows, 1, i, of);

            dsc_product_run(p, part.begin, part.end, 0, panels);
        } else {
            struct dsc_part part = dsc_part_of(panels, 1, i, of);

            dsc_product_run(p, 0, rows, part.begin, part.end);
        }
    }
}
