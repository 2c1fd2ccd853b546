#include "core/base/alloc.h"
#include "core/captioner/captioner.h"

enum dsc_status dsc_captioner_open(struct dsc_captioner **out,
                                   const struct dsc_captioner_options *options)
{
    return dsc_captioner_open_from(out, options, DSC_DATADIR "/model.h5");
}

static enum dsc_status caption(struct dsc_captioner *captioner, const struct dsc_picture *picture,
                               const struct dsc_caption_options *options, struct dsc_captions **out)
{
    struct dsc_caption_result result;
    struct dsc_captioning *w;
    enum dsc_status st = dsc_captioner_borrow(captioner, &w);

    if (st)
        return st;
    dsc_captioning_run(w, picture, 1, options, &result);
    dsc_captioner_give_back(captioner, w);
    dsc_free(result.error); /* the thread's message says the same */
    if (result.status)
        return result.status;
    *out = result.captions;
    return DSC_OK;
}

enum dsc_status dsc_caption_file(struct dsc_captioner *captioner, const char *path,
                                 const struct dsc_caption_options *options,
                                 struct dsc_captions **out)
{
    return caption(captioner, &(struct dsc_picture){ .name = path }, options, out);
}

enum dsc_status dsc_caption_memory(struct dsc_captioner *captioner, const void *bytes,
                                   size_t len_bytes, const struct dsc_caption_options *options,
                                   struct dsc_captions **out)
{
    struct dsc_picture picture = { .name = "the picture", .bytes = bytes, .len_bytes = len_bytes };

    if (!bytes)
        return dsc_fail(DSC_INVALID, "a picture without bytes");
    return caption(captioner, &picture, options, out);
}
