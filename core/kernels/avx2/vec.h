/* vec.h - eight floats, under the names that the shared vec_*.h are written in. */
#ifndef DSC_VEC_H
#define DSC_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC  __m256
#define MASK __m256
#define VLEN 8

static inline __m256i v_first(size_t n)
{
    static const int32_t ones[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };

    return _mm256_loadu_si256((const __m256i *)(const void *)(ones + 8 - n));
}

static inline VEC v_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void v_store(float *p, VEC v)
{
    _mm256_storeu_ps(p, v);
}

/* The first n < VLEN elements; the others load as 0, and are not touched in memory. */
static inline VEC v_load_n(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, v_first(n));
}

static inline void v_store_n(float *p, VEC v, size_t n)
{
    _mm256_maskstore_ps(p, v_first(n), v);
}

static inline VEC v_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline VEC v_zero(void)
{
    return _mm256_setzero_ps();
}

static inline VEC v_add(VEC a, VEC b)
{
    return _mm256_add_ps(a, b);
}

static inline VEC v_sub(VEC a, VEC b)
{
    return _mm256_sub_ps(a, b);
}

static inline VEC v_mul(VEC a, VEC b)
{
    return _mm256_mul_ps(a, b);
}

static inline VEC v_div(VEC a, VEC b)
{
    return _mm256_div_ps(a, b);
}

/* a b + c */
static inline VEC v_fma(VEC a, VEC b, VEC c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* c - a b */
static inline VEC v_fnma(VEC a, VEC b, VEC c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

/* When one of the two is NaN: b. */
static inline VEC v_min(VEC a, VEC b)
{
    return _mm256_min_ps(a, b);
}

static inline VEC v_max(VEC a, VEC b)
{
    return _mm256_max_ps(a, b);
}

static inline VEC v_abs(VEC a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* |a| with the sign of b */
static inline VEC v_sign_of(VEC a, VEC b)
{
    return _mm256_or_ps(v_abs(a), _mm256_and_ps(b, _mm256_set1_ps(-0.0f)));
}

static inline VEC v_round(VEC a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline VEC v_pow2(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/* a 2^n for whole n in -250..250, through the denormals: two factors, as one would not do. */
static inline VEC v_scale(VEC a, VEC n)
{
    const __m256i i = _mm256_cvtps_epi32(n);
    const __m256i half = _mm256_srai_epi32(i, 1);

    return v_mul(v_mul(a, v_pow2(half)), v_pow2(_mm256_sub_epi32(i, half)));
}

/* Comparisons are false for NaN. */
static inline MASK v_ge(VEC a, VEC b)
{
    return _mm256_cmp_ps(a, b, _CMP_GE_OQ);
}

static inline MASK v_gt(VEC a, VEC b)
{
    return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}

static inline MASK v_is_nan(VEC a)
{
    return _mm256_cmp_ps(a, a, _CMP_UNORD_Q);
}

static inline int v_any(MASK m)
{
    return _mm256_movemask_ps(m) != 0;
}

/* m ? a : b */
static inline VEC v_pick(MASK m, VEC a, VEC b)
{
    return _mm256_blendv_ps(b, a, m);
}

static inline float v_sum(VEC a)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

#endif
