#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cpu.h"
#include "core/base/strbuf.h"
#include "core/captioner/pattern.h"
#include "core/captioner/settings.h"
#include "core/decode/decoder.h"
#include "core/image/image.h"
#include "core/keras/load.h"
#include "core/text/tokenizer.h"
#include "infer/cmd.h"
#include "infer/json_line.h"

#define MAX_BYTES ((size_t)256 << 20) /* of a picture or tokenizer */

struct inspect_options {
    struct dsc_common_options common;
    bool json;
};

#define S struct inspect_options
static const struct dsc_option options[] = { DSC_OPTION_FLAG("json", 0, S, json, "one JSON object"),
                                             DSC_OPTION_INCLUDE(dsc_common_options, S, common),
                                             DSC_OPTION_END };

const struct dsc_command cmd_inspect_command = {
    "describe", "inspect", "[FILE]",
    "Say what a model, tokenizer or picture is, and what would fail and why.\n"
    "Without a file: this machine's instruction sets.",
    options
};

struct inspector {
    struct dsc_console *console;
    bool json;
};

static enum dsc_status print_all(struct inspector *in, struct dsc_strbuf *s, enum dsc_status st)
{
    if (!st)
        st = dsc_console_print(in->console, s->text);
    dsc_strbuf_release(s);
    return st;
}

/* End a line, which began at `start`, with names that come from a file. */
static enum dsc_status end_line(struct dsc_strbuf *s, size_t start)
{
    dsc_make_printable(s->text + start);
    return dsc_strbuf_puts(s, "\n");
}

/* ---- this machine ---- */

static enum dsc_status inspect_machine(struct inspector *in)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_isa isa = dsc_cpu_isa();
    enum dsc_status st;

    if (in->json)
        return json_line_print(in->console,
                               json_pack("{s:s, s:s, s:i}", "kind", "machine", "isa",
                                         dsc_isa_name(isa), "processors", dsc_cpu_count()));
    st = dsc_strbuf_printf(&s, "instruction sets: ");
    for (int i = 0; !st && i <= (int)isa; i++)
        st = dsc_strbuf_printf(&s, "%s%s", i ? ", " : "", dsc_isa_name((enum dsc_isa)i));
    if (!st)
        st = dsc_strbuf_printf(&s, "\nprocessors: %d\n", dsc_cpu_count());
    return print_all(in, &s, st);
}

/* ---- pictures ---- */

static enum dsc_status inspect_image(struct inspector *in, const struct dsc_strbuf *bytes,
                                     const char *path)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    struct dsc_image image;
    enum dsc_status st = dsc_image_probe(&image, bytes->text, bytes->len, path);

    if (st)
        return st;
    if (in->json)
        return json_line_print(in->console,
                               json_pack("{s:s, s:s, s:I, s:I, s:s, s:i}", "kind", "image",
                                         "format", image.format, "width", (json_int_t)image.width,
                                         "height", (json_int_t)image.height, "mode", image.mode,
                                         "orientation", (int)image.orientation));
    st = dsc_strbuf_printf(&s, "%s: %s picture, %zu x %zu, mode %s, EXIF orientation %u\n", path,
                           image.format, image.width, image.height, image.mode, image.orientation);
    return print_all(in, &s, st);
}

/* ---- tokenizers ---- */

static enum dsc_status print_vocab_text(struct inspector *in, const struct dsc_vocab *v,
                                        const char *path, const char *start, const char *end)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_printf(&s, "%s: %s\nwords: %zu, highest index %zu\n", path,
                                           v->form, v->count, v->size ? v->size - 1 : 0);

    if (!st && v->num_words)
        st = dsc_strbuf_printf(&s, "num_words: %d\n", v->num_words);
    if (!st && start)
        st = dsc_strbuf_printf(&s, "start word: '%s', end word: '%s'\n", start, end);
    if (!st && !start)
        st = dsc_strbuf_printf(&s, "problem: %s\n", dsc_error_message());
    return print_all(in, &s, st);
}

static enum dsc_status inspect_tokenizer(struct inspector *in, const struct dsc_strbuf *bytes,
                                         const char *path)
{
    const char *start = NULL, *end = NULL;
    struct dsc_vocab *v;
    enum dsc_status st = dsc_vocab_parse(&v, bytes->text, bytes->len, path);

    if (st)
        return st;
    if (!dsc_vocab_find_markers(v, NULL, NULL)) {
        start = dsc_vocab_word(v, v->start);
        end = dsc_vocab_word(v, v->end);
    }
    if (in->json)
        st = json_line_print(in->console, json_pack("{s:s, s:I, s:s?, s:s?, s:s}", "kind",
                                                    "tokenizer", "words", (json_int_t)v->count,
                                                    "start", start, "end", end, "form", v->form));
    else
        st = print_vocab_text(in, v, path, start, end);
    dsc_vocab_free(v);
    return st;
}

/* ---- models ---- */

/* What is told of a model besides the file itself. */
struct model_facts {
    const char *path;
    const struct dsc_keras_model *model;
    struct dsc_settings settings;
    enum dsc_pattern pattern;
    struct dsc_decoder *decoder; /* NULL: no captioner */
};

static json_t *shape_json(struct dsc_shape s)
{
    json_t *a = json_array();

    for (size_t i = 0; i < s.rank; i++)
        json_array_append_new(a, s.dim[i] == DSC_DIM_FREE ? json_null()
                                                          : json_integer((json_int_t)s.dim[i]));
    return a;
}

static json_t *ports_json(const struct dsc_graph *g, const struct dsc_port *ports, size_t n)
{
    json_t *a = json_array();

    for (size_t i = 0; i < n; i++) {
        const struct dsc_tensor *t = dsc_graph_type(g, ports[i].value);

        json_array_append_new(a, json_pack("{s:o, s:o, s:s}", "name", json_any_text(ports[i].name),
                                           "shape", shape_json(t->shape), "dtype",
                                           dsc_dtype_name(t->dtype)));
    }
    return a;
}

static json_t *layers_json(const struct dsc_keras_model *m)
{
    json_t *a = json_array();

    for (size_t i = 0; i < m->n_layers; i++) {
        const struct dsc_keras_layer_info *l = &m->layers[i];

        json_array_append_new(a, json_pack("{s:o, s:o, s:o, s:I}", "name", json_any_text(l->name),
                                           "class", json_any_text(l->class_name), "shape",
                                           l->has_shape ? shape_json(l->shape) : json_null(),
                                           "parameters", (json_int_t)l->parameters));
    }
    return a;
}

static json_t *problems_json(const struct dsc_keras_model *m)
{
    json_t *a = json_array();

    for (size_t i = 0; i < m->n_problems; i++)
        json_array_append_new(a, json_any_text(m->problems[i]));
    return a;
}

static enum dsc_status print_model_json(struct inspector *in, const struct model_facts *f)
{
    const struct dsc_keras_model *m = f->model;
    const struct dsc_graph *g = m->graph;
    const char *reason = f->decoder ? dsc_decoder_recompute_reason(f->decoder) : NULL;
    json_t *o = json_pack(
        "{s:s, s:s, s:o, s:o, s:I, s:o, s:s, s:o}", "kind", "model", "keras_version",
        m->keras_version, "inputs", ports_json(g, g->inputs, g->n_inputs), "outputs",
        ports_json(g, g->outputs, g->n_outputs), "parameters", (json_int_t)m->parameters, "layers",
        layers_json(m), "pattern", dsc_pattern_name(f->pattern), "problems", problems_json(m));

    if (o && f->decoder)
        json_object_set_new(o, "decoding",
                            reason ? json_any_text(reason) : json_string("one step a word"));
    if (o && f->settings.vocab)
        json_object_set_new(o, "words", json_integer((json_int_t)f->settings.vocab->count));
    return json_line_print(in->console, o);
}

static enum dsc_status add_ports(struct dsc_strbuf *s, const char *title, const struct dsc_graph *g,
                                 const struct dsc_port *ports, size_t n)
{
    enum dsc_status st = dsc_strbuf_printf(s, "%s:\n", title);

    for (size_t i = 0; !st && i < n; i++) {
        const struct dsc_tensor *t = dsc_graph_type(g, ports[i].value);
        char shape[DSC_SHAPE_TEXT];
        size_t start = s->len;

        st = dsc_strbuf_printf(s, "  %-24s %s %s", ports[i].name, dsc_dtype_name(t->dtype),
                               dsc_shape_text(t->shape, shape));
        if (!st)
            st = end_line(s, start);
    }
    return st;
}

static enum dsc_status add_layers(struct dsc_strbuf *s, const struct dsc_keras_model *m)
{
    enum dsc_status st = dsc_strbuf_puts(s, "layers:\n");

    for (size_t i = 0; !st && i < m->n_layers; i++) {
        const struct dsc_keras_layer_info *l = &m->layers[i];
        char shape[DSC_SHAPE_TEXT];
        size_t start = s->len;

        st = dsc_strbuf_printf(s, "  %-24s %-24s %-22s %10zu", l->name, l->class_name,
                               l->has_shape ? dsc_shape_text(l->shape, shape) : "not used",
                               l->parameters);
        if (!st)
            st = end_line(s, start);
    }
    return st;
}

static enum dsc_status add_settings(struct dsc_strbuf *s, const struct dsc_settings *settings)
{
    struct dsc_strbuf p = DSC_STRBUF_INIT;
    enum dsc_status st = DSC_OK;

    if (settings->vocab)
        st = dsc_strbuf_printf(s, "vocabulary within: %zu words\n", settings->vocab->count);
    if (!st && settings->encoder_name) {
        size_t start = s->len;

        st = dsc_strbuf_printf(s, "encoder: %s", settings->encoder_name);
        if (!st)
            st = end_line(s, start);
    }
    if (!st && settings->has_padding)
        st = dsc_strbuf_printf(s, "padding: %s\n",
                               settings->padding == DSC_PAD_PRE ? "pre" : "post");
    if (!st && settings->has_preprocess) {
        st = dsc_preprocess_format(&settings->preprocess, &p);
        if (!st)
            st = dsc_strbuf_printf(s, "preprocess: %s\n", p.text);
        dsc_strbuf_release(&p);
    }
    return st;
}

static enum dsc_status add_decoding(struct dsc_strbuf *s, const struct dsc_decoder *d)
{
    const char *reason = dsc_decoder_recompute_reason(d);
    size_t start = s->len;
    enum dsc_status st;

    if (!reason)
        return dsc_strbuf_puts(s, "decoding: one step a word\n");
    st = dsc_strbuf_printf(s, "decoding: every prefix is computed anew: %s", reason);
    return st ? st : end_line(s, start);
}

static enum dsc_status print_model_text(struct inspector *in, const struct model_facts *f)
{
    const struct dsc_keras_model *m = f->model;
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_printf(&s,
                                           "%s: model saved by Keras %s, %zu layers, %zu "
                                           "parameters\npattern: %s\n",
                                           f->path, m->keras_version, m->n_layers, m->parameters,
                                           dsc_pattern_name(f->pattern));

    if (!st && f->decoder)
        st = add_decoding(&s, f->decoder);
    if (!st)
        st = add_settings(&s, &f->settings);
    if (!st)
        st = add_ports(&s, "inputs", m->graph, m->graph->inputs, m->graph->n_inputs);
    if (!st)
        st = add_ports(&s, "outputs", m->graph, m->graph->outputs, m->graph->n_outputs);
    if (!st)
        st = add_layers(&s, m);
    for (size_t i = 0; !st && i < m->n_problems; i++)
        st = dsc_strbuf_printf(&s, "problem: %s\n", m->problems[i]);
    return print_all(in, &s, st);
}

/* A model that is no captioner, or that has problems, has no decoder; that is no failure here. */
static enum dsc_status find_facts(struct model_facts *f)
{
    const struct dsc_decoder_options o = { .side = f->settings.padding, .length = 1 };
    const struct dsc_graph *g = f->model->graph;
    enum dsc_status st;

    f->pattern = dsc_pattern_of(g);
    if (f->model->n_problems || f->pattern == DSC_PATTERN_ENCODER ||
        f->pattern == DSC_PATTERN_OTHER)
        return DSC_OK;
    st = dsc_decoder_new(&f->decoder, g, &o);
    return st == DSC_NOMEM ? st : DSC_OK;
}

static enum dsc_status inspect_model(struct inspector *in, const char *path)
{
    struct model_facts f = { .path = path };
    struct dsc_keras_model *m;
    enum dsc_status st = dsc_keras_inspect(&m, path);

    if (st)
        return st;
    f.model = m;
    st = dsc_settings_read(&f.settings, m->file);
    if (!st)
        st = find_facts(&f);
    if (!st)
        st = in->json ? print_model_json(in, &f) : print_model_text(in, &f);
    dsc_decoder_free(f.decoder);
    dsc_settings_release(&f.settings);
    dsc_keras_model_free(m);
    return st;
}

/* ---- which of them ---- */

static bool has_ending(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);

    return n >= m && !strcmp(path + n - m, ending);
}

/* By content; a name only decides whose sentence a file gets that is none of them. */
static bool is_model(const struct dsc_strbuf *head, const char *path)
{
    return (head->len >= 8 && !memcmp(head->text, "\x89HDF\r\n\x1a\n", 8)) ||
           has_ending(path, ".h5") || has_ending(path, ".hdf5") || has_ending(path, ".keras");
}

/* Nothing of a pipe, which can be read only once. */
static enum dsc_status read_head(struct dsc_strbuf *s, const char *path)
{
    struct stat info;
    bool is_file = strcmp(path, "-") && !stat(path, &info) && S_ISREG(info.st_mode);
    FILE *f = is_file ? fopen(path, "rb") : NULL;
    char head[8];
    size_t n;

    if (!f)
        return DSC_OK;
    n = fread(head, 1, sizeof(head), f);
    fclose(f);
    return dsc_strbuf_add(s, head, n);
}

static enum dsc_status inspect(struct inspector *in, const char *path)
{
    const char *name = strcmp(path, "-") ? path : "standard input";
    struct dsc_strbuf bytes = DSC_STRBUF_INIT;
    enum dsc_status st = read_head(&bytes, path);
    bool model = !st && is_model(&bytes, path);

    dsc_strbuf_release(&bytes);
    if (st)
        return st;
    if (model)
        return inspect_model(in, path);
    st = dsc_strbuf_read_file(&bytes, path, MAX_BYTES);
    if (!st && dsc_image_recognised(bytes.text, bytes.len))
        st = inspect_image(in, &bytes, name);
    else if (!st && is_model(&bytes, name))
        st = dsc_fail(DSC_INVALID, "'%s': a model; name its file, models are not read from a pipe",
                      name);
    else if (!st)
        st = inspect_tokenizer(in, &bytes, name);
    dsc_strbuf_release(&bytes);
    return st;
}

int cmd_inspect(int argc, char **argv)
{
    struct inspect_options o = { .json = false };
    struct dsc_args args = { 0 };
    struct dsc_console console;
    int code = dsc_args_parse(&args, &cmd_inspect_command, &o, argc, argv);

    if (code == DSC_EXIT_NONE && args.operand_count > 1)
        code = dsc_usage_error(&cmd_inspect_command, "one file at a time, not %zu",
                               args.operand_count);
    if (code == DSC_EXIT_NONE) {
        struct inspector in = { .console = &console, .json = o.json };
        enum dsc_status st;

        dsc_console_init(&console, "describe", dsc_console_level(&o.common));
        st = args.operand_count ? inspect(&in, args.operands[0]) : inspect_machine(&in);
        if (st)
            dsc_console_fail(&console);
        code = st ? DSC_EXIT_FAILED : DSC_EXIT_OK;
        dsc_console_release(&console);
    }
    dsc_args_release(&args);
    return code;
}
