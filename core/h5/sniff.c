#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/h5/h5_internal.h"

static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

/* The signature stands at 0, or at 512, 1024, 2048, ... behind a block of the user's. */
static bool find_signature(const uint8_t *bytes, size_t len, size_t *at)
{
    for (size_t i = 0; i <= len && len - i >= sizeof(signature); i = i ? 2 * i : 512) {
        if (!memcmp(bytes + i, signature, sizeof(signature))) {
            *at = i;
            return true;
        }
        if (i > SIZE_MAX / 2)
            break;
    }
    return false;
}

static uint64_t little_endian(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 7; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

/* Where the superblock says that the file ends; 0 when it does not say. */
static uint64_t recorded_end(const uint8_t *sb, size_t len)
{
    if (len < 48)
        return 0;
    if (sb[8] <= 1 && sb[13] == 8)
        return little_endian(sb + (sb[8] ? 44 : 40));
    if ((sb[8] == 2 || sb[8] == 3) && sb[9] == 8)
        return little_endian(sb + 28);
    return 0;
}

static bool starts_with(const uint8_t *bytes, size_t len, const char *what)
{
    return len >= strlen(what) && !strncasecmp((const char *)bytes, what, strlen(what));
}

static bool is_text(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < DSC_MIN(len, 512); i++)
        if (bytes[i] < 0x20 && !isspace(bytes[i]))
            return false;
    return true;
}

/* What to do about it: models and the inputs of predict alike. */
#define WANTED "a file that Keras or h5py wrote is expected, as model.save('model.h5') does"

static enum dsc_status name_text(const uint8_t *bytes, size_t len, const char *name)
{
    size_t i = 0;

    if (starts_with(bytes, len, "version https://git-lfs"))
        return dsc_fail(DSC_FORMAT,
                        "'%s' is a Git LFS pointer of %zu bytes, not the model itself: run "
                        "'git lfs pull' where it was cloned",
                        name, len);
    while (i < len && isspace(bytes[i]))
        i++;
    if (starts_with(bytes + i, len - i, "<!doctype") || starts_with(bytes + i, len - i, "<html"))
        return dsc_fail(DSC_FORMAT,
                        "'%s' is a web page, not an HDF5 file: download the file itself, not the "
                        "page that shows it",
                        name);
    if (i < len && bytes[i] == '{')
        return dsc_fail(DSC_FORMAT, "'%s' is JSON text, not an HDF5 file: " WANTED, name);
    return dsc_fail(DSC_FORMAT, "'%s' is a text file, not an HDF5 file: " WANTED, name);
}

static enum dsc_status name_other(const uint8_t *bytes, size_t len, const char *name)
{
    if (len > 4 && !memcmp(bytes, "PK\3\4", 4)) {
        /* Keras 3 puts metadata.json first; a local header is 30 bytes, then the name. */
        if (len > 43 && !memcmp(bytes + 30, "metadata.json", 13))
            return dsc_fail(DSC_FORMAT,
                            "'%s' is a '.keras' archive, not an HDF5 file: load it in Keras and "
                            "save it again with model.save('model.h5')",
                            name);
        return dsc_fail(DSC_FORMAT, "'%s' is a zip archive, not an HDF5 file: unpack it first",
                        name);
    }
    if (len > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return dsc_fail(DSC_FORMAT, "'%s' is packed by gzip, not an HDF5 file: unpack it first",
                        name);
    if (len > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return dsc_fail(DSC_FORMAT, "'%s' is a Python pickle, not an HDF5 file: " WANTED, name);
    return dsc_fail(DSC_FORMAT, "'%s' is not an HDF5 file: " WANTED, name);
}

enum dsc_status dsc_h5_sniff(const uint8_t *bytes, size_t len_bytes, const char *name, size_t *at)
{
    uint64_t end;

    if (!len_bytes)
        return dsc_fail(DSC_FORMAT, "'%s' is empty: copy or download it again", name);
    if (!find_signature(bytes, len_bytes, at)) {
        if (is_text(bytes, len_bytes))
            return name_text(bytes, len_bytes, name);
        return name_other(bytes, len_bytes, name);
    }
    end = recorded_end(bytes + *at, len_bytes - *at);
    if (end > len_bytes && end < UINT64_MAX)
        return dsc_fail(DSC_FORMAT,
                        "'%s' is cut short: %zu of %llu bytes are there; copy or download it again",
                        name, len_bytes, (unsigned long long)end);
    return DSC_OK;
}
