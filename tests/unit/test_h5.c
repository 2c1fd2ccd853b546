#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/h5/h5.h"

#define KINDS "tests/golden/h5/kinds.h5"

static struct dsc_h5 *open_kinds(void)
{
    struct dsc_h5 *f = NULL;

    cr_assert_eq(dsc_h5_open(&f, KINDS), DSC_OK, "%s", dsc_error_message());
    return f;
}

/* The last sentence holds each of these words. */
static void expect_words(const char *a, const char *b)
{
    cr_expect(strstr(dsc_error_message(), a), "no '%s' in: %s", a, dsc_error_message());
    cr_expect(strstr(dsc_error_message(), b), "no '%s' in: %s", b, dsc_error_message());
}

Test(h5, reads_texts_of_fixed_and_variable_length)
{
    static const char *const want[][2] = { { "variable", "two birds" },
                                           { "fixed", "a dog" },
                                           { "latin", "caf\xc3\xa9" } };
    struct dsc_h5 *f = open_kinds();

    for (size_t i = 0; i < DSC_COUNT(want); i++) {
        char *text = NULL;

        cr_assert_eq(dsc_h5_attr_text(f, "/", want[i][0], &text), DSC_OK, "%s",
                     dsc_error_message());
        cr_expect_str_eq(text, want[i][1]);
        dsc_free(text);
    }
    dsc_h5_close(f);
}

static void expect_list(const struct dsc_h5 *f, const char *attr, const char *joined)
{
    struct dsc_h5_texts t = { 0 };
    char text[64] = "";

    cr_assert_eq(dsc_h5_attr_texts(f, "/", attr, &t), DSC_OK, "%s", dsc_error_message());
    for (size_t i = 0, len = 0; i < t.n; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s|", t.text[i]);
    cr_expect_str_eq(text, joined);
    dsc_h5_texts_release(&t);
}

Test(h5, reads_lists_of_texts)
{
    struct dsc_h5 *f = open_kinds();

    expect_list(f, "variable_list", "x||yz|");
    expect_list(f, "fixed_list", "dense_1|lstm|");
    expect_list(f, "empty_list", "");
    expect_list(f, "split", "a|b|c|");
    dsc_h5_close(f);
}

Test(h5, reads_numbers_of_attributes)
{
    struct dsc_h5 *f = open_kinds();
    double value = 0;
    bool found;

    cr_expect_eq(dsc_h5_attr_number(f, "/", "integer", &value), DSC_OK);
    cr_expect_eq(value, 34);
    cr_expect_eq(dsc_h5_attr_number(f, "/", "number", &value), DSC_OK);
    cr_expect_eq(value, 0.5);
    cr_expect_eq(dsc_h5_attr_number(f, "/", "fixed", &value), DSC_FORMAT);
    expect_words("fixed", "not a number");
    cr_expect_eq(dsc_h5_attr_number(f, "/", "missing", &value), DSC_FORMAT);
    expect_words(KINDS, "'missing'");
    cr_expect_eq(dsc_h5_has_attr(f, "/", "missing", &found), DSC_OK);
    cr_expect_not(found);
    dsc_h5_close(f);
}

Test(h5, lists_and_finds)
{
    struct dsc_h5 *f = open_kinds();
    struct dsc_h5_texts t = { 0 };
    enum dsc_h5_kind kind;

    cr_assert_eq(dsc_h5_list(f, "/", &t), DSC_OK);
    cr_assert_eq(t.n, 2);
    cr_expect_str_eq(t.text[0], "data");
    cr_expect_str_eq(t.text[1], "refused");
    dsc_h5_texts_release(&t);
    cr_expect_eq(dsc_h5_find(f, "data", &kind), DSC_OK);
    cr_expect_eq(kind, DSC_H5_GROUP);
    cr_expect_eq(dsc_h5_find(f, "/data//f32", &kind), DSC_OK);
    cr_expect_eq(kind, DSC_H5_DATASET);
    cr_expect_eq(dsc_h5_find(f, "data/more/still", &kind), DSC_OK);
    cr_expect_eq(kind, DSC_H5_NONE);
    cr_expect_eq(dsc_h5_find(f, "data/f32/more", &kind), DSC_FORMAT);
    cr_expect_eq(dsc_h5_list(f, "data/f32", &t), DSC_FORMAT);
    expect_words("a dataset", "expected a group");
    dsc_h5_close(f);
}

Test(h5, converts_every_float_and_whole_number)
{
    static const char *const names[] = { "f32", "f64", "f16", "big_endian", "i32", "i64", "u8" };
    struct dsc_h5 *f = open_kinds();

    for (size_t i = 0; i < DSC_COUNT(names); i++) {
        struct dsc_h5_array a;
        float x[12] = { 0 };
        int32_t k[6] = { 0 };
        char path[32];

        snprintf(path, sizeof(path), "data/%s", names[i]);
        cr_assert_eq(dsc_h5_array(f, path, &a), DSC_OK, "%s", dsc_error_message());
        cr_expect_eq(a.type, i < 4 ? DSC_H5_F32 : DSC_H5_I32);
        cr_expect(a.rank == 2 && a.dim[0] == 4 && a.dim[1] == 3);
        cr_expect_eq(a.mapped != NULL, i == 0, "%s", path);
        cr_assert_eq(dsc_h5_read(f, path, DSC_H5_F32, 0, SIZE_MAX, x), DSC_OK, "%s",
                     dsc_error_message());
        cr_assert_eq(dsc_h5_read(f, path, DSC_H5_I32, 1, 2, k), DSC_OK, "%s", dsc_error_message());
        for (int j = 0; j < 12; j++)
            cr_expect_eq(x[j], j, "%s", path);
        for (int j = 0; j < 6; j++)
            cr_expect_eq(k[j], j + 3, "%s", path);
        if (a.mapped)
            cr_expect_arr_eq(a.mapped, x, sizeof(x));
    }
    dsc_h5_close(f);
}

Test(h5, refuses_numbers_that_would_change)
{
    struct dsc_h5 *f = open_kinds();
    int32_t k[3];

    cr_expect_eq(dsc_h5_read(f, "data/i64_large", DSC_H5_I32, 0, SIZE_MAX, k), DSC_FORMAT);
    expect_words("i64_large", "whole 32-bit number");
    cr_expect_eq(dsc_h5_read(f, "data/f32_fraction", DSC_H5_I32, 0, SIZE_MAX, k), DSC_FORMAT);
    cr_expect_eq(dsc_h5_read(f, "data/f32_whole", DSC_H5_I32, 0, SIZE_MAX, k), DSC_OK);
    cr_expect_eq(k[2], 3);
    cr_expect_eq(dsc_h5_read(f, "data/f32_whole", DSC_H5_I32, 2, 2, k), DSC_INVALID);
    dsc_h5_close(f);
}

Test(h5, reads_flags_scalars_nothing_and_packed_rows)
{
    struct dsc_h5 *f = open_kinds();
    struct dsc_h5_array a;
    uint8_t flag[3];
    float x[60];

    cr_expect_eq(dsc_h5_read(f, "data/bool", DSC_H5_BOOL, 0, SIZE_MAX, flag), DSC_OK);
    cr_expect(flag[0] == 1 && flag[1] == 0 && flag[2] == 1);
    cr_expect_eq(dsc_h5_array(f, "data/bool", &a), DSC_OK);
    cr_expect_eq(a.type, DSC_H5_BOOL);
    cr_expect_eq(dsc_h5_read(f, "data/scalar", DSC_H5_F32, 0, SIZE_MAX, x), DSC_OK);
    cr_expect_eq(x[0], 7);
    cr_expect_eq(dsc_h5_read(f, "data/none", DSC_H5_F32, 0, SIZE_MAX, x), DSC_OK);
    cr_expect_eq(dsc_h5_array(f, "data/packed", &a), DSC_OK);
    cr_expect_null(a.mapped);
    cr_expect_eq(dsc_h5_read(f, "data/packed", DSC_H5_F32, 2, 2, x), DSC_OK);
    cr_expect_eq(x[34], 1.5f);
    cr_expect_eq(x[33], 0);
    dsc_h5_close(f);
}

Test(h5, refuses_what_leaves_the_file_or_is_not_numbers)
{
    static const struct {
        const char *path, *words;
        enum dsc_status st;
    } cases[] = {
        { "refused/lzf", "lzf", DSC_UNSUPPORTED },
        { "refused/text", "plain numbers", DSC_UNSUPPORTED },
        { "refused/rank7", "7 axes", DSC_UNSUPPORTED },
        { "refused/soft", "a soft link", DSC_UNSUPPORTED },
        { "refused/elsewhere/x", "an external link", DSC_UNSUPPORTED },
        { "refused/external", "another file", DSC_UNSUPPORTED },
        { "refused/unwritten", "never written", DSC_FORMAT },
        { "refused/virtual", "virtual", DSC_UNSUPPORTED },
        { "refused/missing", "holds no 'refused/missing'", DSC_FORMAT },
        { "data", "a group, expected a dataset", DSC_FORMAT },
    };
    struct dsc_h5 *f = open_kinds();
    struct dsc_h5_array a;

    for (size_t i = 0; i < DSC_COUNT(cases); i++) {
        cr_expect_eq(dsc_h5_array(f, cases[i].path, &a), cases[i].st, "%s", cases[i].path);
        expect_words(KINDS, cases[i].words);
    }
    dsc_h5_close(f);
}

Test(h5, names_what_is_not_hdf5)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *words;
    } cases[] = {
        { "", 0, "is empty" },
        { "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", 63,
          "Git LFS pointer of 63 bytes" },
        { "  <!DOCTYPE html><html>", 23, "a web page" },
        { "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0metadata.json{", 44,
          "'.keras' archive" },
        { "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0model.h5", 38,
          "a zip archive" },
        { "\x80\3}q\0", 5, "a Python pickle" },
        { "\x1f\x8b\x08\0\0", 5, "packed by gzip" },
        { "{\"a\": 1}", 8, "JSON text" },
        { "just words\n", 11, "a text file" },
        { "\1\2\3\4\5\6\7", 7, "is not an HDF5 file" },
        { "\x89HDF\r\n\x1a\n", 8, "is damaged" },
    };
    struct dsc_h5 *f;

    for (size_t i = 0; i < DSC_COUNT(cases); i++) {
        cr_expect_eq(dsc_h5_open_memory(&f, cases[i].bytes, cases[i].len, "model.h5"), DSC_FORMAT);
        expect_words("'model.h5'", cases[i].words);
    }
}

Test(h5, says_how_a_file_cannot_be_opened)
{
    struct dsc_h5 *f;

    cr_expect_eq(dsc_h5_open(&f, "tests/golden/h5/none.h5"), DSC_IO);
    expect_words("'tests/golden/h5/none.h5'", "No such file");
    cr_expect_eq(dsc_h5_open(&f, "tests"), DSC_IO);
    expect_words("'tests'", "a folder");
    cr_expect_eq(dsc_h5_open(&f, "/dev/null"), DSC_IO);
    expect_words("'/dev/null'", "a device");
}

Test(h5, says_when_a_file_is_cut_short)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    struct dsc_h5 *f;

    cr_assert_eq(dsc_strbuf_read_file(&s, KINDS, 1 << 20), DSC_OK);
    cr_expect_eq(dsc_h5_open_memory(&f, s.text, s.len - 100, "model.h5"), DSC_FORMAT);
    expect_words("'model.h5'", "cut short");
    dsc_strbuf_release(&s);
}

Test(h5, same_numbers_from_memory_and_from_two_open_files)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    struct dsc_h5 *f = open_kinds(), *g, *h;
    struct dsc_h5_array a, b, c;

    cr_assert_eq(dsc_strbuf_read_file(&s, KINDS, 1 << 20), DSC_OK);
    cr_assert_eq(dsc_h5_open_memory(&g, s.text, s.len, "memory"), DSC_OK, "%s",
                 dsc_error_message());
    cr_assert_eq(dsc_h5_open(&h, KINDS), DSC_OK);
    cr_assert_eq(dsc_h5_array(f, "data/f32", &a), DSC_OK);
    cr_assert_eq(dsc_h5_array(g, "data/f32", &b), DSC_OK);
    cr_assert_eq(dsc_h5_array(h, "data/f32", &c), DSC_OK);
    cr_assert(a.mapped && b.mapped && c.mapped && a.mapped != c.mapped);
    cr_expect_arr_eq(a.mapped, b.mapped, 48);
    dsc_h5_close(f);
    cr_expect_arr_eq(c.mapped, b.mapped, 48);
    dsc_h5_close(g);
    dsc_h5_close(h);
    dsc_strbuf_release(&s);
}
