#include "core/kernels/avx512/vec.h"

#include "core/kernels/avx512/panel.h"
#include "core/kernels/vec_math.h"
#include "core/kernels/vec_arrays.h"
#include "core/kernels/vec_gates.h"
#include "core/kernels/vec_taps.h"

const struct dsc_kernels dsc_kernels_avx512 = {
    .act_f32 = act_f32,
    .add_f32 = add_f32,
    .sub_f32 = sub_f32,
    .mul_f32 = mul_f32,
    .div_f32 = div_f32,
    .max_f32 = max_f32,
    .min_f32 = min_f32,
    .add_scalar_f32 = add_scalar_f32,
    .mul_scalar_f32 = mul_scalar_f32,
    .div_scalar_f32 = div_scalar_f32,
    .max_scalar_f32 = max_scalar_f32,
    .min_scalar_f32 = min_scalar_f32,
    .rsub_scalar_f32 = rsub_scalar_f32,
    .rdiv_scalar_f32 = rdiv_scalar_f32,
    .affine_f32 = affine_f32,
    .affine_scalar_f32 = affine_scalar_f32,
    .reduce_sum_f32 = reduce_sum_f32,
    .reduce_max_f32 = reduce_max_f32,
    .reduce_min_f32 = reduce_min_f32,
    .softmax_f32 = softmax_f32,
    .layer_norm_f32 = layer_norm_f32,
    .rms_norm_f32 = rms_norm_f32,
    .copy_rows_f32 = copy_rows_f32,
    .panel_f32 = dsc_avx512_panel_f32,
    .taps_f32 = taps_f32,
    .lstm_gates_f32 = lstm_gates_f32,
    .gru_gates_f32 = gru_gates_f32,
    .gru_reset_f32 = gru_reset_f32,
    .gru_mix_f32 = gru_mix_f32,
};
