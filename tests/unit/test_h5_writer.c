#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/h5/writer.h"

static char folder[64], path[96];

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/describe-h5-XXXXXX");
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/out.h5", folder);
}

static size_t count_files(void)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_all(struct dsc_h5_writer *w)
{
    static const char *const names[] = { "a", "bc" };
    static const float rows[] = { 1, 2, 3, 4 };
    static const int32_t k[] = { -1, 7 };
    static const uint8_t flags[] = { 1, 0, 1 };
    struct dsc_h5_array a = { DSC_H5_F32, 2, { 2, 2 }, NULL }, i = { DSC_H5_I32, 1, { 2 }, NULL };
    struct dsc_h5_array b = { DSC_H5_BOOL, 1, { 3 }, NULL }, s = { DSC_H5_F32, 0, { 0 }, NULL };

    cr_assert_eq(dsc_h5_writer_add_group(w, "deep/group"), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_text(w, "/", "text", "caf\xc3\xa9"), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_texts(w, "deep/group", "list", names, 2), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_texts(w, "deep/group", "nothing", names, 0), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_array(w, "out/rows", &a, NULL), DSC_OK);
    cr_assert_eq(dsc_h5_writer_put_rows(w, "out/rows", 1, 1, rows + 2), DSC_OK);
    cr_assert_eq(dsc_h5_writer_put_rows(w, "out/rows", 0, 1, rows), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_array(w, "out/whole", &i, k), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_array(w, "out/flags", &b, flags), DSC_OK);
    cr_assert_eq(dsc_h5_writer_add_array(w, "scalar", &s, rows + 3), DSC_OK);
}

static void read_all(const struct dsc_h5 *f)
{
    struct dsc_h5_texts t = { 0 };
    float x[4];
    int32_t k[2];
    uint8_t flags[3];
    char *text;

    cr_assert_eq(dsc_h5_attr_text(f, "/", "text", &text), DSC_OK);
    cr_expect_str_eq(text, "caf\xc3\xa9");
    dsc_free(text);
    cr_assert_eq(dsc_h5_attr_texts(f, "deep/group", "nothing", &t), DSC_OK);
    cr_expect_eq(t.n, 0);
    cr_assert_eq(dsc_h5_attr_texts(f, "deep/group", "list", &t), DSC_OK);
    cr_expect(t.n == 2 && !strcmp(t.text[1], "bc"));
    dsc_h5_texts_release(&t);
    cr_assert_eq(dsc_h5_read(f, "out/rows", DSC_H5_F32, 0, 2, x), DSC_OK);
    cr_expect(x[0] == 1 && x[1] == 2 && x[2] == 3 && x[3] == 4);
    cr_assert_eq(dsc_h5_read(f, "out/whole", DSC_H5_I32, 0, 2, k), DSC_OK);
    cr_expect(k[0] == -1 && k[1] == 7);
    cr_assert_eq(dsc_h5_read(f, "out/flags", DSC_H5_BOOL, 0, 3, flags), DSC_OK);
    cr_expect(flags[0] == 1 && flags[1] == 0 && flags[2] == 1);
    cr_assert_eq(dsc_h5_read(f, "scalar", DSC_H5_F32, 0, 1, x), DSC_OK);
    cr_expect_eq(x[0], 4);
}

Test(h5_writer, reads_back_what_it_wrote)
{
    struct dsc_h5_writer *w;
    struct dsc_h5 *f;

    make_folder();
    cr_assert_eq(dsc_h5_writer_open(&w, path), DSC_OK, "%s", dsc_error_message());
    write_all(w);
    cr_expect(access(path, F_OK) != 0);
    cr_assert_eq(dsc_h5_writer_commit(w), DSC_OK, "%s", dsc_error_message());
    dsc_h5_writer_close(w);
    cr_expect_eq(count_files(), 1);
    cr_assert_eq(dsc_h5_open(&f, path), DSC_OK, "%s", dsc_error_message());
    read_all(f);
    dsc_h5_close(f);
    remove_folder();
}

Test(h5_writer, leaves_nothing_without_commit)
{
    struct dsc_h5_writer *w;

    make_folder();
    cr_assert_eq(dsc_h5_writer_open(&w, path), DSC_OK);
    write_all(w);
    dsc_h5_writer_close(w);
    cr_expect_eq(count_files(), 0);
    remove_folder();
}

Test(h5_writer, names_what_cannot_be_written)
{
    struct dsc_h5_array a = { DSC_H5_F32, 1, { 1 }, NULL };
    struct dsc_h5_writer *w;

    cr_expect_eq(dsc_h5_writer_open(&w, "/nowhere/out.h5"), DSC_IO);
    cr_expect(strstr(dsc_error_message(), "'/nowhere/out.h5'"), "%s", dsc_error_message());
    make_folder();
    cr_assert_eq(dsc_h5_writer_open(&w, path), DSC_OK);
    cr_expect_eq(dsc_h5_writer_add_array(w, "a", &a, NULL), DSC_OK);
    cr_expect_eq(dsc_h5_writer_add_array(w, "a", &a, NULL), DSC_IO);
    cr_expect(strstr(dsc_error_message(), "'a'"), "%s", dsc_error_message());
    dsc_h5_writer_close(w);
    remove_folder();
}

Test(h5_writer, never_takes_the_place_of_a_pipe_or_folder)
{
    struct dsc_h5_writer *w;

    make_folder();
    cr_assert(!mkfifo(path, 0600));
    cr_expect_eq(dsc_h5_writer_open(&w, path), DSC_IO);
    cr_expect(strstr(dsc_error_message(), "device or pipe"), "%s", dsc_error_message());
    cr_expect_eq(dsc_h5_writer_open(&w, folder), DSC_IO);
    cr_expect(strstr(dsc_error_message(), "it is a folder"), "%s", dsc_error_message());
    cr_expect_eq(count_files(), 1);
    remove_folder();
}
