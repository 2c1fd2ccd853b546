#include <math.h>

#include "core/image/preprocess.h"
#include "tests/unit/image_golden.h"

static struct dsc_preprocess parsed(const char *text)
{
    struct dsc_preprocess p = { 0 };

    cr_assert_eq(dsc_preprocess_parse(&p, text), DSC_OK, "%s", dsc_error_message());
    return p;
}

/* Bytes resized give Keras' very bits; TensorFlow's resize is within 1e-4 of 0..255. */
static void compare(const char *text, const struct dsc_preprocess *p, float got, float want)
{
    if (p->filter == DSC_FILTER_TF_BILINEAR)
        cr_assert_leq(fabsf(got - want), 1e-4f, "%s: %g, not %g", text, (double)got, (double)want);
    else
        cr_assert(got == want, "%s: %.9g, not %.9g", text, (double)got, (double)want);
}

Test(preprocess, is_that_of_keras)
{
    FILE *list = golden_list("preprocess.txt");
    struct dsc_strbuf expected = golden_read("preprocess.f32");
    char line[256];
    size_t at = 0;

    while (golden_line(list, line, sizeof(line))) {
        char *text = strchr(line, ' ') + 1;
        struct dsc_preprocess p = parsed(text);
        struct dsc_image image;
        size_t n = p.width * p.height * 3;
        float *x = dsc_malloc(n, sizeof(*x));

        text[-1] = '\0';
        image = golden_decode(line, 0);
        cr_assert_eq(dsc_preprocess_run(&p, &image, x), DSC_OK, "%s", dsc_error_message());
        for (size_t i = 0; i < n; i++, at += sizeof(float)) {
            float want;

            memcpy(&want, expected.text + at, sizeof(want));
            compare(text, &p, x[i], want);
        }
        dsc_free(x);
        dsc_image_release(&image);
    }
    cr_assert_eq(at, expected.len);
    dsc_strbuf_release(&expected);
    fclose(list);
}

Test(preprocess, text_is_read_and_written_back)
{
    static const char *const texts[][2] = {
        { "caffe", "caffe" },
        { "tf,size=299x299", "tf,size=299x299" },
        { "mean=127,std=128", "mean=127,std=128" },
        { "std=2", "mean=0,std=2" },
        { "mean=-1.5e1", "mean=-15,std=1" },
        { "fit=crop,filter=lanczos,raw,order=bgr,size=1x65535",
          "raw,size=1x65535,filter=lanczos,order=bgr,fit=crop" },
        { "caffe,order=rgb,filter=tf-bilinear", "caffe,filter=tf-bilinear,order=rgb" },
        { "torch,order=rgb,fit=stretch,filter=nearest", "torch" },
        { "mean=123.675/116.28/103.53,std=58.395/57.12/57.375",
          "mean=123.675/116.28/103.53,std=58.395/57.12/57.375" },
    };

    for (size_t i = 0; i < DSC_COUNT(texts); i++) {
        struct dsc_preprocess p = parsed(texts[i][0]), again;
        struct dsc_strbuf s = DSC_STRBUF_INIT;

        cr_assert_eq(dsc_preprocess_format(&p, &s), DSC_OK);
        cr_assert_str_eq(s.text, texts[i][1]);
        again = parsed(s.text);
        cr_assert_arr_eq(again.mean, p.mean, sizeof(p.mean));
        cr_assert_arr_eq(again.std, p.std, sizeof(p.std));
        dsc_strbuf_release(&s);
    }
}

Test(preprocess, defaults)
{
    struct dsc_preprocess p = parsed("caffe");

    cr_assert_eq(p.order, DSC_ORDER_BGR);
    cr_assert_eq(p.width + p.height, 0u);
    cr_assert_eq(p.filter, DSC_FILTER_NEAREST);
    cr_assert_eq(p.fit, DSC_FIT_STRETCH);
    cr_assert_eq(parsed("mean=1").order, DSC_ORDER_RGB);
}

Test(preprocess, names_what_it_does_not_know)
{
    static const char *const texts[][2] = {
        { "", "preprocessing '': '' is not known; known are caffe, tf, torch, raw, mean=M, std=S, "
              "size=WxH, filter=NAME, order=rgb|bgr, fit=stretch|crop" },
        { "size=2x2", "preprocessing 'size=2x2': one of caffe, tf, torch, raw and mean=M,std=S "
                      "expected" },
        { "tf,std=2",
          "preprocessing 'tf,std=2': only one of caffe, tf, torch, raw and mean=M,std=S "
          "expected" },
        { "tf,torch", "preprocessing 'tf,torch': 'torch' is said a second time" },
        { "tf,size=2", "preprocessing 'tf,size=2': 'size=2', WIDTHxHEIGHT, each 1 to 65535, "
                       "expected" },
        { "tf,filter=cubic", "preprocessing 'tf,filter=cubic': 'filter=cubic', nearest, box, "
                             "bilinear, hamming, bicubic, lanczos or tf-bilinear expected" },
        { "tf,order=gbr", "preprocessing 'tf,order=gbr': 'order=gbr', rgb or bgr expected" },
        { "tf,fit=fill", "preprocessing 'tf,fit=fill': 'fit=fill', stretch or crop expected" },
        { "mean=1/2", "preprocessing 'mean=1/2': 'mean=1/2', a number or three as R/G/B expected" },
        { "std=0", "preprocessing 'std=0': 'std=0', a number other than 0, or three as R/G/B "
                   "expected" },
    };
    static const char *const more[] = {
        "tf,",           ",tf",       "TF",       "tf,size=0x2", "tf,size=2x65536", "tf,size=-1x2",
        "tf,size=2x2x2", "mean=",     "mean=nan", "mean=inf",    "mean=0x10",       "mean=1e99",
        "mean=1/2/3/4",  "std=1/0/1", "mean = 1", "caffe=1",     "siz=2x2,tf"
    };
    struct dsc_preprocess p;

    for (size_t i = 0; i < DSC_COUNT(texts); i++) {
        cr_assert_eq(dsc_preprocess_parse(&p, texts[i][0]), DSC_INVALID);
        cr_assert_str_eq(dsc_error_message(), texts[i][1]);
    }
    for (size_t i = 0; i < DSC_COUNT(more); i++)
        cr_assert_eq(dsc_preprocess_parse(&p, more[i]), DSC_INVALID, "%s", more[i]);
}

Test(preprocess, refuses_to_run_without_a_size)
{
    uint8_t pixels[3] = { 0 };
    struct dsc_image image = { .width = 1, .height = 1, .pixels = pixels };
    struct dsc_preprocess p = parsed("raw");
    float x[300];

    cr_assert_eq(dsc_preprocess_run(&p, &image, x), DSC_INVALID);
    p = parsed("raw,size=10x1,fit=crop");
    cr_assert_eq(dsc_preprocess_run(&p, &image, x), DSC_INVALID);
    p = parsed("raw,size=10x10");
    dsc_alloc_fail_after(1);
    cr_assert_eq(dsc_preprocess_run(&p, &image, x), DSC_NOMEM);
    dsc_alloc_fail_after(0);
    p.width = p.height = SIZE_MAX / 2;
    cr_assert_eq(dsc_preprocess_run(&p, &image, x), DSC_INVALID);
}
