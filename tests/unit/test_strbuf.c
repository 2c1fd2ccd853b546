#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"

Test(strbuf, grows_and_stays_ended)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;

    for (int i = 0; i < 1000; i++)
        cr_assert_eq(dsc_strbuf_printf(&s, "%d,", i % 10), DSC_OK);
    cr_assert_eq(s.len, 2000u);
    cr_assert_eq(strlen(s.text), 2000u);
    cr_assert_eq(dsc_strbuf_puts(&s, "end"), DSC_OK);
    cr_assert_str_eq(s.text + 1996, "8,9,end");
    dsc_strbuf_release(&s);
    cr_assert_null(s.text);
}

Test(strbuf, holds_zero_bytes)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;

    cr_assert_eq(dsc_strbuf_add(&s, "a\0b", 3), DSC_OK);
    cr_assert_eq(s.len, 3u);
    cr_assert_arr_eq(s.text, "a\0b", 4);
    dsc_strbuf_release(&s);
}

Test(strbuf, detach_hands_the_text_over)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    char *text;

    cr_assert_null(dsc_strbuf_detach(&s));
    cr_assert_eq(dsc_strbuf_puts(&s, "kept"), DSC_OK);
    text = dsc_strbuf_detach(&s);
    dsc_strbuf_release(&s);
    cr_assert_str_eq(text, "kept");
    dsc_free(text);
}

Test(strbuf, out_of_memory_leaves_what_was_there)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;

    cr_assert_eq(dsc_strbuf_puts(&s, "ab"), DSC_OK);
    dsc_alloc_fail_after(1);
    cr_assert_eq(dsc_strbuf_printf(&s, "%100d", 1), DSC_NOMEM);
    dsc_alloc_fail_after(0);
    cr_assert_str_eq(s.text, "ab");
    cr_assert_eq(s.len, 2u);
    dsc_strbuf_release(&s);
}

static void write_temp(char *path, size_t len)
{
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "wb");

    cr_assert_not_null(f);
    for (size_t i = 0; i < len; i++)
        fputc((int)(i % 251), f);
    fclose(f);
}

Test(strbuf, reads_a_whole_file)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    char path[] = "/tmp/dsc_strbuf_XXXXXX";

    write_temp(path, 200000);
    cr_assert_eq(dsc_strbuf_read_file(&s, path, 200000), DSC_OK);
    unlink(path);
    cr_assert_eq(s.len, 200000u);
    for (size_t i = 0; i < s.len; i++)
        cr_assert_eq((unsigned char)s.text[i], i % 251);
    dsc_strbuf_release(&s);
}

Test(strbuf, refuses_a_file_above_the_limit)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    char path[] = "/tmp/dsc_strbuf_XXXXXX";

    write_temp(path, 1001);
    cr_assert_eq(dsc_strbuf_read_file(&s, path, 1000), DSC_FORMAT);
    unlink(path);
    cr_assert_not_null(strstr(dsc_error_message(), "more than 1000 bytes"));
    dsc_strbuf_release(&s);
}

Test(strbuf, a_missing_file_and_a_folder_are_named)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;

    cr_assert_eq(dsc_strbuf_read_file(&s, "/nowhere/at/all", 10), DSC_IO);
    cr_assert_str_eq(dsc_error_message(),
                     "cannot open '/nowhere/at/all': No such file or directory");
    cr_assert_eq(dsc_strbuf_read_file(&s, "/tmp", 10), DSC_IO);
    cr_assert_str_eq(dsc_error_message(), "cannot read '/tmp': Is a directory");
    dsc_strbuf_release(&s);
}
