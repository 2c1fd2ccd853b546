/* Every picture reader on hostile bytes, and the resizers on what they make of them. */
#include <stddef.h>
#include <stdint.h>

#include "core/image/preprocess.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small enough that a run is short, large enough that every branch is reached. */
static const struct dsc_image_limits limits = { (size_t)1 << 20, (size_t)1 << 16 };

static void preprocess(const struct dsc_image *image, uint8_t choice)
{
    static float out[31 * 23 * 3];
    const struct dsc_preprocess p = {
        .mode = DSC_PIXELS_TF,
        .width = 31,
        .height = 23,
        .filter = (enum dsc_filter)(choice % DSC_FILTER_COUNT),
        .fit = choice & 0x80 ? DSC_FIT_CROP : DSC_FIT_STRETCH,
    };

    if (dsc_preprocess_run(&p, image, out) && p.fit == DSC_FIT_STRETCH)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dsc_image image = { 0 }, probed = { 0 };
    enum dsc_status probe = dsc_image_probe(&probed, data, size, "fuzz");
    unsigned flags = size & 1 ? DSC_IMAGE_EXIF_ORIENT : 0;

    if (dsc_image_decode(&image, data, size, "fuzz", &limits, flags))
        return 0;
    if (probe || probed.width * probed.height != image.width * image.height)
        __builtin_trap();
    preprocess(&image, data[size - 1]);
    dsc_image_release(&image);
    return 0;
}
