/* vec.h - sixteen floats, under the names that the shared vec_*.h are written in. */
#ifndef DSC_VEC_H
#define DSC_VEC_H

#include <immintrin.h>
#include <stddef.h>

#define VEC  __m512
#define MASK __mmask16
#define VLEN 16

static inline MASK v_first(size_t n)
{
    return (MASK)((1u << n) - 1);
}

static inline VEC v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void v_store(float *p, VEC v)
{
    _mm512_storeu_ps(p, v);
}

/* The first n < VLEN elements; the others load as 0, and are not touched in memory. */
static inline VEC v_load_n(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(v_first(n), p);
}

static inline void v_store_n(float *p, VEC v, size_t n)
{
    _mm512_mask_storeu_ps(p, v_first(n), v);
}

static inline VEC v_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline VEC v_zero(void)
{
    return _mm512_setzero_ps();
}

static inline VEC v_add(VEC a, VEC b)
{
    return _mm512_add_ps(a, b);
}

static inline VEC v_sub(VEC a, VEC b)
{
    return _mm512_sub_ps(a, b);
}

static inline VEC v_mul(VEC a, VEC b)
{
    return _mm512_mul_ps(a, b);
}

static inline VEC v_div(VEC a, VEC b)
{
    return _mm512_div_ps(a, b);
}

/* a b + c */
static inline VEC v_fma(VEC a, VEC b, VEC c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* c - a b */
static inline VEC v_fnma(VEC a, VEC b, VEC c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/* When one of the two is NaN: b. */
static inline VEC v_min(VEC a, VEC b)
{
    return _mm512_min_ps(a, b);
}

static inline VEC v_max(VEC a, VEC b)
{
    return _mm512_max_ps(a, b);
}

static inline VEC v_abs(VEC a)
{
    return _mm512_abs_ps(a);
}

/* |a| with the sign of b */
static inline VEC v_sign_of(VEC a, VEC b)
{
    return _mm512_or_ps(_mm512_abs_ps(a), _mm512_and_ps(b, _mm512_set1_ps(-0.0f)));
}

static inline VEC v_round(VEC a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a 2^n for whole n in -300..300, through the denormals */
static inline VEC v_scale(VEC a, VEC n)
{
    return _mm512_scalef_ps(a, n);
}

/* Comparisons are false for NaN. */
static inline MASK v_ge(VEC a, VEC b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}

static inline MASK v_gt(VEC a, VEC b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}

static inline MASK v_is_nan(VEC a)
{
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}

static inline int v_any(MASK m)
{
    return m != 0;
}

/* m ? a : b */
static inline VEC v_pick(MASK m, VEC a, VEC b)
{
    return _mm512_mask_blend_ps(m, b, a);
}

static inline float v_sum(VEC a)
{
    return _mm512_reduce_add_ps(a);
}

#endif
