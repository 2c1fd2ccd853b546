/* WebP by libwebp: of an animation the first frame, laid on the canvas as
 * libwebp's own animation decoder does. */
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "core/image/image_internal.h"

static unsigned find_orientation(const WebPDemuxer *demux)
{
    WebPChunkIterator chunk;
    unsigned orientation = 1;

    if (WebPDemuxGetChunk(demux, "EXIF", 1, &chunk))
        orientation = dsc_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
}

static enum dsc_status frame_failed(const struct dsc_image_reader *r, VP8StatusCode code)
{
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return dsc_fail_nomem("a WebP decoder");
    if (code == VP8_STATUS_NOT_ENOUGH_DATA || code == VP8_STATUS_SUSPENDED)
        return dsc_fail(DSC_FORMAT, "'%s': truncated WebP: its picture ends early", r->name);
    return dsc_fail(DSC_FORMAT, "'%s': broken WebP: its picture cannot be decoded", r->name);
}

static enum dsc_status read_frame(struct dsc_image_reader *r, const WebPIterator *frame)
{
    struct dsc_image *image = &r->image;
    size_t stride = image->width * 3;
    size_t x = (size_t)frame->x_offset, y = (size_t)frame->y_offset;
    size_t width = (size_t)frame->width, height = (size_t)frame->height;
    WebPDecoderConfig config;
    WebPRGBABuffer *buffer = &config.output.u.RGBA;
    VP8StatusCode code;

    if (x > image->width || width > image->width - x || y > image->height ||
        height > image->height - y || !width || !height)
        return dsc_fail(DSC_FORMAT, "'%s': broken WebP: a frame outside the picture", r->name);
    if (width != image->width || height != image->height)
        memset(image->pixels, 0, stride * image->height);
    if (!WebPInitDecoderConfig(&config))
        return dsc_fail(DSC_UNSUPPORTED, "this libwebp is not the one that was compiled against");
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    buffer->rgba = image->pixels + y * stride + x * 3;
    buffer->stride = (int)stride;
    buffer->size = (height - 1) * stride + width * 3;
    code = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    return code == VP8_STATUS_OK ? DSC_OK : frame_failed(r, code);
}

static enum dsc_status read_first_frame(struct dsc_image_reader *r, const WebPDemuxer *demux)
{
    WebPIterator frame;
    bool alpha = WebPDemuxGetI(demux, WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG;
    enum dsc_status st;

    r->image.orientation = find_orientation(demux);
    st = dsc_image_begin(r, WebPDemuxGetI(demux, WEBP_FF_CANVAS_WIDTH),
                         WebPDemuxGetI(demux, WEBP_FF_CANVAS_HEIGHT), alpha ? "RGBA" : "RGB");
    if (st || r->header_only)
        return st;
    if (!WebPDemuxGetFrame(demux, 1, &frame))
        return dsc_fail(DSC_FORMAT, "'%s': broken WebP: no picture in it", r->name);
    st = frame.complete ? read_frame(r, &frame) : frame_failed(r, VP8_STATUS_NOT_ENOUGH_DATA);
    WebPDemuxReleaseIterator(&frame);
    return st;
}

enum dsc_status dsc_webp_read(struct dsc_image_reader *r)
{
    WebPData data = { r->bytes, r->len_bytes };
    WebPDemuxState state;
    WebPDemuxer *demux = WebPDemuxPartial(&data, &state);
    enum dsc_status st;

    if (!demux)
        return dsc_fail(DSC_FORMAT, "'%s': broken WebP: its chunks do not add up", r->name);
    if (state == WEBP_DEMUX_DONE)
        st = read_first_frame(r, demux);
    else
        st =
            dsc_fail(DSC_FORMAT,
                     "'%s': truncated WebP: the file ends after %zu bytes, before its picture does",
                     r->name, r->len_bytes);
    WebPDemuxDelete(demux);
    return st;
}
