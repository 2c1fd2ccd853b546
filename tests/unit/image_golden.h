/* image_golden.h - files of tests/golden/image; tests run from the root. */
#ifndef IMAGE_GOLDEN_H
#define IMAGE_GOLDEN_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/image/image.h"
#include "core/image/resize.h"

#define GOLDEN "tests/golden/image/"

static inline struct dsc_strbuf golden_read(const char *name)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    char path[320];

    snprintf(path, sizeof(path), GOLDEN "%s", name);
    cr_assert_eq(dsc_strbuf_read_file(&s, path, (size_t)1 << 24), DSC_OK, "%s",
                 dsc_error_message());
    return s;
}

static inline struct dsc_image golden_decode(const char *name, unsigned flags)
{
    struct dsc_strbuf s = golden_read(name);
    struct dsc_image image = { 0 };

    cr_assert_eq(dsc_image_decode(&image, s.text, s.len, name, NULL, flags), DSC_OK, "%s",
                 dsc_error_message());
    dsc_strbuf_release(&s);
    return image;
}

/* The next line of a case list, or false at its end. */
static inline bool golden_line(FILE *list, char *line, size_t size)
{
    if (!fgets(line, (int)size, list))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static inline FILE *golden_list(const char *name)
{
    char path[320];
    FILE *list;

    snprintf(path, sizeof(path), GOLDEN "%s", name);
    list = fopen(path, "r");
    cr_assert_not_null(list, "%s", path);
    return list;
}

#endif
