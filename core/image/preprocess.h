/* preprocess.h - from a picture to the numbers that an encoder was trained on.
 *
 * Resize, order the channels, take a mean away and divide, in single precision and in
 * Keras' order of operations, so that the results are the same bits. A struct
 * dsc_preprocess is written as text, on the command line and in a captioner's file:
 *
 *     caffe,size=224x224,filter=nearest
 *     mean=127,std=128
 *     mean=123.7/116.3/103.5,std=58.4/57.1/57.4,size=299x299,filter=bicubic,fit=crop
 */
#ifndef DSC_PREPROCESS_H
#define DSC_PREPROCESS_H

#include "core/base/strbuf.h"
#include "core/image/image.h"
#include "core/image/resize.h"

/* The three of keras.applications, and two without a network's name. */
enum dsc_pixel_mode {
    DSC_PIXELS_CAFFE,    /* x - (123.68, 116.779, 103.939), blue first */
    DSC_PIXELS_TF,       /* x / 127.5 - 1 */
    DSC_PIXELS_TORCH,    /* (x / 255 - (.485, .456, .406)) / (.229, .224, .225) */
    DSC_PIXELS_RAW,      /* x, in 0..255 */
    DSC_PIXELS_MEAN_STD, /* (x - mean) / std */
};

enum dsc_order { DSC_ORDER_RGB, DSC_ORDER_BGR };
enum dsc_fit {
    DSC_FIT_STRETCH, /* as load_img(target_size) */
    DSC_FIT_CROP,    /* as load_img(target_size, keep_aspect_ratio=True) */
};

struct dsc_preprocess {
    enum dsc_pixel_mode mode;
    float mean[3], std[3]; /* red, green, blue; of DSC_PIXELS_MEAN_STD only */
    enum dsc_order order;  /* of the output's channels */
    size_t width, height;  /* 0 x 0: not said, to be set from the encoder's input */
    enum dsc_filter filter;
    enum dsc_fit fit;
};

/* Read a list of words split by commas, each at most once and in any order:
 *
 *   caffe | tf | torch | raw, or mean=M and std=S (a number, or R/G/B; 0 and 1 when one
 *   is left out); one of these there must be
 *   size=WxH        not said: 0 x 0
 *   filter=NAME     of dsc_filter_name(); nearest, as load_img
 *   order=rgb|bgr   bgr for caffe, else rgb; means and stds stay with their colours
 *   fit=stretch|crop
 *
 * Fails: DSC_INVALID, naming the word and what is known. */
DSC_CHECK_RESULT enum dsc_status dsc_preprocess_parse(struct dsc_preprocess *out, const char *text);

/* Append the text that dsc_preprocess_parse() reads back to the same struct; what is as
 * by default is left out. Fails: DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status dsc_preprocess_format(const struct dsc_preprocess *p,
                                                       struct dsc_strbuf *out);

/* out  f32 [H, W, 3] of p->height x p->width
 *
 * Fails: DSC_INVALID without a size, or when the picture is too thin to be cropped to its
 * shape; DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status dsc_preprocess_run(const struct dsc_preprocess *p,
                                                    const struct dsc_image *image, float *out);

#endif
