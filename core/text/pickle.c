#include "core/text/pickle.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/text/pickle_internal.h"
#include "core/text/pickle_machine.h"

#define HIGHEST_PROTOCOL 5

static const struct dsc_pickle_limits default_limits = { DSC_PICKLE_MAX_BYTES, 8000000, 1000 };

static void refused(struct dsc_machine *m, const char *what)
{
    dsc_machine_fail(m, DSC_UNSUPPORTED, "%s, which a tokenizer never needs; refused", what);
}

static void push_bytes(struct dsc_machine *m, enum dsc_pickle_type type, struct dsc_span s)
{
    struct dsc_pickle_value *v = dsc_machine_new(m, type);

    v->bytes = s.bytes;
    v->n = s.len;
    dsc_machine_push(m, v);
}

/* ---- opcodes: numbers and text ---- */

static void op_none(struct dsc_machine *m)
{
    dsc_machine_push(m, dsc_machine_new(m, DSC_PICKLE_NONE));
}

static void push_bool(struct dsc_machine *m, bool truth)
{
    struct dsc_pickle_value *v = dsc_machine_new(m, DSC_PICKLE_BOOL);

    v->truth = truth;
    dsc_machine_push(m, v);
}

static void op_true(struct dsc_machine *m)
{
    push_bool(m, true);
}

static void op_false(struct dsc_machine *m)
{
    push_bool(m, false);
}

static void push_int(struct dsc_machine *m, int64_t n)
{
    struct dsc_pickle_value *v = dsc_machine_new(m, DSC_PICKLE_INT);

    v->integer = n;
    dsc_machine_push(m, v);
}

static void op_uint(struct dsc_machine *m)
{
    push_int(m, (int64_t)m->arg);
}

static void op_int32(struct dsc_machine *m)
{
    push_int(m, m->arg > INT32_MAX ? (int64_t)m->arg - ((int64_t)1 << 32) : (int64_t)m->arg);
}

static void bad_int(struct dsc_machine *m)
{
    dsc_machine_fail(m, DSC_FORMAT, "not an integer of at most 64 bits");
}

/* INT and LONG: a line of digits; INT also spells False 00 and True 01. */
static void op_int_line(struct dsc_machine *m)
{
    struct dsc_span s = dsc_machine_take_line(m);
    int64_t n = 0;

    if (*m->op == 'I' && s.len == 2 && s.bytes[0] == '0' && (s.bytes[1] & ~1) == '0') {
        push_bool(m, s.bytes[1] == '1');
        return;
    }
    if (!dsc_pickle_text_int(s.bytes, s.len, &n))
        bad_int(m);
    push_int(m, n);
}

static void op_long(struct dsc_machine *m)
{
    struct dsc_span s = dsc_machine_take(m, m->arg);
    int64_t n = 0;

    if (!dsc_pickle_long((const uint8_t *)s.bytes, s.len, &n))
        bad_int(m);
    push_int(m, n);
}

static void push_float(struct dsc_machine *m, double real)
{
    struct dsc_pickle_value *v = dsc_machine_new(m, DSC_PICKLE_FLOAT);

    v->real = real;
    dsc_machine_push(m, v);
}

static void op_float_line(struct dsc_machine *m)
{
    struct dsc_span s = dsc_machine_take_line(m);
    double real = 0;

    if (!dsc_pickle_text_float(s.bytes, s.len, &real))
        dsc_machine_damaged(m, "not a number");
    push_float(m, real);
}

/* The one opcode with its bytes in big-endian order. */
static void op_float(struct dsc_machine *m)
{
    uint64_t bits = 0;
    double real;

    for (int i = 0; i < 8; i++)
        bits = bits << 8 | (m->arg >> (8 * i) & 0xff);
    memcpy(&real, &bits, sizeof(real));
    push_float(m, real);
}

static void op_str(struct dsc_machine *m)
{
    push_bytes(m, DSC_PICKLE_STR, dsc_machine_take(m, m->arg));
}

static void op_bytes(struct dsc_machine *m)
{
    push_bytes(m, DSC_PICKLE_BYTES, dsc_machine_take(m, m->arg));
}

static void op_str_line(struct dsc_machine *m)
{
    struct dsc_span s = dsc_machine_take_line(m);
    size_t len = 0;
    char *text = dsc_machine_keep(m, s.len + 1, 2);

    if (!text)
        return;
    if (!dsc_pickle_raw_unicode(text, &len, s.bytes, s.len))
        dsc_machine_damaged(m, "a broken escape in a string");
    push_bytes(m, DSC_PICKLE_STR, (struct dsc_span){ text, len });
}

/* STRING: the quoted form of a Python 2 byte string. */
static void op_quoted_line(struct dsc_machine *m)
{
    struct dsc_span s = dsc_machine_take_line(m);
    char *text;

    if (s.len < 2 || s.bytes[0] != s.bytes[s.len - 1] ||
        (s.bytes[0] != '\'' && s.bytes[0] != '"')) {
        dsc_machine_damaged(m, "a string without its quotes");
        return;
    }
    text = dsc_machine_keep(m, s.len, 1);
    if (text)
        push_bytes(m, DSC_PICKLE_BYTES,
                   (struct dsc_span){ text, dsc_pickle_unescape(text, s.bytes + 1, s.len - 2) });
}

/* ---- opcodes: the stack and containers ---- */

static void op_mark(struct dsc_machine *m)
{
    /* Each open mark is a level of nesting. */
    if (m->n_marks >= m->limits.max_depth)
        dsc_machine_too_deep(m);
    else if (dsc_grow(&m->marks, &m->cap_marks, m->n_marks + 1, sizeof(*m->marks)))
        dsc_machine_no_memory(m);
    else
        m->marks[m->n_marks++] = m->n_stack;
}

static void op_pop(struct dsc_machine *m)
{
    if (m->n_marks && m->n_stack == dsc_machine_fence(m))
        m->n_marks--;
    else
        dsc_machine_pop(m);
}

static void op_pop_mark(struct dsc_machine *m)
{
    dsc_machine_pop_mark(m);
}

static void op_dup(struct dsc_machine *m)
{
    dsc_machine_push(m, dsc_machine_top(m));
}

/* LIST, TUPLE, DICT and FROZENSET of what is above the last mark. */
static void op_collect(struct dsc_machine *m)
{
    enum dsc_pickle_type type = *m->op == 'l'   ? DSC_PICKLE_LIST
                                : *m->op == 't' ? DSC_PICKLE_TUPLE
                                : *m->op == 'd' ? DSC_PICKLE_DICT
                                                : DSC_PICKLE_SET;

    dsc_machine_push(m, dsc_machine_new_list(m, type, dsc_machine_pop_mark(m)));
}

static void op_empty(struct dsc_machine *m)
{
    enum dsc_pickle_type type = *m->op == ']'   ? DSC_PICKLE_LIST
                                : *m->op == ')' ? DSC_PICKLE_TUPLE
                                : *m->op == '}' ? DSC_PICKLE_DICT
                                                : DSC_PICKLE_SET;

    dsc_machine_push(m, dsc_machine_new(m, type));
}

/* TUPLE1 to TUPLE3 follow each other. */
static void op_small_tuple(struct dsc_machine *m)
{
    size_t n = *m->op - 0x85u + 1;

    if (m->n_stack - dsc_machine_fence(m) < n) {
        dsc_machine_damaged(m, "a value is missing");
        return;
    }
    m->n_stack -= n;
    dsc_machine_push(m, dsc_machine_new_list(m, DSC_PICKLE_TUPLE,
                                             (struct dsc_values){ m->stack + m->n_stack, n }));
}

/* Add to the LIST or SET on top of the stack. */
static void extend(struct dsc_machine *m, enum dsc_pickle_type type, struct dsc_values v)
{
    struct dsc_pickle_value *list = dsc_machine_top(m);

    if (list->type == type)
        dsc_machine_append(m, list, v);
    else
        dsc_machine_damaged(m, "items for something that holds none");
}

static void op_append(struct dsc_machine *m)
{
    struct dsc_pickle_value *item = dsc_machine_pop(m);

    extend(m, DSC_PICKLE_LIST, (struct dsc_values){ &item, 1 });
}

static void op_appends(struct dsc_machine *m)
{
    extend(m, DSC_PICKLE_LIST, dsc_machine_pop_mark(m));
}

static void op_additems(struct dsc_machine *m)
{
    extend(m, DSC_PICKLE_SET, dsc_machine_pop_mark(m));
}

/* Set items of the DICT, or of the recorded dict object, on top of the stack. */
static void set_items(struct dsc_machine *m, struct dsc_values items)
{
    struct dsc_pickle_value *v = dsc_machine_top(m);

    if (v->type == DSC_PICKLE_DICT) {
        dsc_machine_append(m, v, items);
    } else if (v->type == DSC_PICKLE_OBJECT && v->object->global->id == DSC_PICKLE_DICT_CLASS) {
        if (!v->object->pairs)
            v->object->pairs = dsc_machine_new(m, DSC_PICKLE_DICT);
        dsc_machine_append(m, v->object->pairs, items);
        dsc_machine_nest(m, v, v->object->pairs);
    } else {
        dsc_machine_damaged(m, "items for something that holds none");
    }
}

static void op_setitem(struct dsc_machine *m)
{
    struct dsc_pickle_value *pair[2];

    pair[1] = dsc_machine_pop(m);
    pair[0] = dsc_machine_pop(m);
    set_items(m, (struct dsc_values){ pair, 2 });
}

static void op_setitems(struct dsc_machine *m)
{
    set_items(m, dsc_machine_pop_mark(m));
}

/* ---- opcodes: the memo ---- */

static void put(struct dsc_machine *m, uint64_t index)
{
    struct dsc_pickle_value *v = dsc_machine_top(m);

    /* Writers count up from 0 or 1, so an entry cannot exceed the bytes read. */
    if (index > (size_t)(m->at - m->begin) || index >= m->limits.max_values)
        dsc_machine_damaged(m, "a memo entry out of all order");
    if (m->status)
        return;
    if (dsc_grow(&m->memo, &m->cap_memo, (size_t)index + 1, sizeof(struct dsc_pickle_value *))) {
        dsc_machine_no_memory(m);
        return;
    }
    while (m->n_memo <= index)
        m->memo[m->n_memo++] = NULL;
    m->memo[index] = v;
}

static void get(struct dsc_machine *m, uint64_t index)
{
    if (index < m->n_memo && m->memo[index])
        dsc_machine_push(m, m->memo[index]);
    else
        dsc_machine_damaged(m, "a reference to a memo entry that is not there");
}

static void op_put(struct dsc_machine *m)
{
    put(m, m->arg);
}

static void op_get(struct dsc_machine *m)
{
    get(m, m->arg);
}

static void op_memoize(struct dsc_machine *m)
{
    put(m, m->n_memo);
}

/* PUT and GET with the index as a line of digits. */
static void op_memo_line(struct dsc_machine *m)
{
    struct dsc_span s = dsc_machine_take_line(m);
    int64_t index;

    if (!dsc_pickle_text_int(s.bytes, s.len, &index) || index < 0)
        dsc_machine_damaged(m, "not a memo entry");
    else if (*m->op == 'p')
        put(m, (uint64_t)index);
    else
        get(m, (uint64_t)index);
}

/* ---- opcodes: names and constructions ---- */

static const struct dsc_pickle_global *find_global(struct dsc_machine *m, struct dsc_span module,
                                                   struct dsc_span name)
{
    const struct dsc_pickle_global *g =
        dsc_pickle_find_global(module.bytes, module.len, name.bytes, name.len);

    if (!g)
        dsc_machine_fail(
            m, DSC_UNSUPPORTED, "refers to '%.*s.%.*s', which a tokenizer never needs; refused",
            (int)DSC_MIN(module.len, 80), module.bytes, (int)DSC_MIN(name.len, 80), name.bytes);
    return g;
}

static void push_global(struct dsc_machine *m, struct dsc_span module, struct dsc_span name)
{
    const struct dsc_pickle_global *g = find_global(m, module, name);
    struct dsc_pickle_value *v = dsc_machine_new(m, DSC_PICKLE_GLOBAL);

    v->global = g;
    dsc_machine_push(m, v);
}

static void op_global(struct dsc_machine *m)
{
    struct dsc_span module = dsc_machine_take_line(m), name = dsc_machine_take_line(m);

    push_global(m, module, name);
}

static void op_stack_global(struct dsc_machine *m)
{
    struct dsc_pickle_value *name = dsc_machine_pop(m), *module = dsc_machine_pop(m);

    if (module->type == DSC_PICKLE_STR && name->type == DSC_PICKLE_STR)
        push_global(m, (struct dsc_span){ module->bytes, module->n },
                    (struct dsc_span){ name->bytes, name->n });
    else
        dsc_machine_damaged(m, "a name that is not text");
}

static void push_object(struct dsc_machine *m, const struct dsc_pickle_global *global,
                        const struct dsc_pickle_value *args)
{
    struct dsc_pickle_value *v = dsc_machine_new(m, DSC_PICKLE_OBJECT);

    dsc_machine_nest(m, v, args);
    v->object = dsc_machine_keep(m, 1, sizeof(*v->object));
    if (!v->object)
        return;
    v->object->global = global;
    v->object->args = args;
    dsc_machine_push(m, v);
}

/* REDUCE and NEWOBJ: a function or class, and its arguments. */
static void op_reduce(struct dsc_machine *m)
{
    struct dsc_pickle_value *args = dsc_machine_pop(m), *callable = dsc_machine_pop(m);
    const struct dsc_pickle_global *global;

    if (callable->type != DSC_PICKLE_GLOBAL || args->type != DSC_PICKLE_TUPLE) {
        dsc_machine_damaged(m, "a call of something that is no function");
        return;
    }
    global = callable->global;
    /* _reconstructor(class, base, state) makes an object of the class. */
    if (global->id == DSC_PICKLE_RECONSTRUCTOR) {
        if (!args->n || args->items[0]->type != DSC_PICKLE_GLOBAL) {
            dsc_machine_damaged(m, "an object of no class");
            return;
        }
        global = args->items[0]->global;
    }
    push_object(m, global, args);
}

static void op_newobj_ex(struct dsc_machine *m)
{
    struct dsc_pickle_value *kwargs = dsc_machine_pop(m);

    if (kwargs->type != DSC_PICKLE_DICT || kwargs->n)
        refused(m, "makes an object with keyword arguments");
    op_reduce(m);
}

/* INST: the class by name, its arguments above the last mark. */
static void op_inst(struct dsc_machine *m)
{
    struct dsc_span module = dsc_machine_take_line(m), name = dsc_machine_take_line(m);
    const struct dsc_pickle_global *global = find_global(m, module, name);

    push_object(m, global, dsc_machine_new_list(m, DSC_PICKLE_TUPLE, dsc_machine_pop_mark(m)));
}

/* OBJ: the class and its arguments above the last mark. */
static void op_obj(struct dsc_machine *m)
{
    struct dsc_values v = dsc_machine_pop_mark(m);
    const struct dsc_pickle_global *global;

    if (!v.n || v.items[0]->type != DSC_PICKLE_GLOBAL) {
        dsc_machine_damaged(m, "an object of no class");
        return;
    }
    global = v.items[0]->global;
    push_object(
        m, global,
        dsc_machine_new_list(m, DSC_PICKLE_TUPLE, (struct dsc_values){ v.items + 1, v.n - 1 }));
}

static void op_build(struct dsc_machine *m)
{
    struct dsc_pickle_value *state = dsc_machine_pop(m), *v = dsc_machine_top(m);

    if (v->type != DSC_PICKLE_OBJECT) {
        dsc_machine_damaged(m, "a state for something that has none");
        return;
    }
    v->object->state = state;
    dsc_machine_nest(m, v, state);
}

/* ---- opcodes: the whole ---- */

static void op_proto(struct dsc_machine *m)
{
    if (m->arg > HIGHEST_PROTOCOL)
        dsc_machine_fail(m, DSC_UNSUPPORTED, "pickle protocol %u, the highest known is %d",
                         (unsigned)m->arg, HIGHEST_PROTOCOL);
    m->out->protocol = (unsigned)m->arg;
}

/* A frame helps a reader to fetch bytes in large pieces; all are here already. */
static void op_frame(struct dsc_machine *m)
{
    if (m->arg > (size_t)(m->end - m->at))
        dsc_machine_cut_short(m);
}

static void op_stop(struct dsc_machine *m)
{
    m->out->root = dsc_machine_pop(m);
    if (m->n_stack || m->n_marks)
        dsc_machine_damaged(m, "values are left over");
    m->stopped = true;
}

static void op_persistent_id(struct dsc_machine *m)
{
    refused(m, "asks for an object outside the file by a persistent id");
}

static void op_extension(struct dsc_machine *m)
{
    refused(m, "asks for a class by an extension code");
}

static void op_buffer(struct dsc_machine *m)
{
    refused(m, "asks for a buffer outside the file");
}

/* By opcode: what to run, and the bytes of the little-endian number after it. */
static const struct opcode {
    void (*run)(struct dsc_machine *m);
    unsigned width;
} opcodes[256] = {
    /* protocol 0 */
    ['('] = { op_mark, 0 },
    ['.'] = { op_stop, 0 },
    ['0'] = { op_pop, 0 },
    ['1'] = { op_pop_mark, 0 },
    ['2'] = { op_dup, 0 },
    ['F'] = { op_float_line, 0 },
    ['I'] = { op_int_line, 0 },
    ['L'] = { op_int_line, 0 },
    ['N'] = { op_none, 0 },
    ['P'] = { op_persistent_id, 0 },
    ['R'] = { op_reduce, 0 },
    ['S'] = { op_quoted_line, 0 },
    ['V'] = { op_str_line, 0 },
    ['a'] = { op_append, 0 },
    ['b'] = { op_build, 0 },
    ['c'] = { op_global, 0 },
    ['d'] = { op_collect, 0 },
    ['g'] = { op_memo_line, 0 },
    ['i'] = { op_inst, 0 },
    ['l'] = { op_collect, 0 },
    ['p'] = { op_memo_line, 0 },
    ['s'] = { op_setitem, 0 },
    ['t'] = { op_collect, 0 },
    /* protocol 1 */
    ['G'] = { op_float, 8 },
    ['J'] = { op_int32, 4 },
    ['K'] = { op_uint, 1 },
    ['M'] = { op_uint, 2 },
    ['Q'] = { op_persistent_id, 0 },
    ['T'] = { op_bytes, 4 },
    ['U'] = { op_bytes, 1 },
    ['X'] = { op_str, 4 },
    [')'] = { op_empty, 0 },
    [']'] = { op_empty, 0 },
    ['}'] = { op_empty, 0 },
    ['e'] = { op_appends, 0 },
    ['h'] = { op_get, 1 },
    ['j'] = { op_get, 4 },
    ['o'] = { op_obj, 0 },
    ['q'] = { op_put, 1 },
    ['r'] = { op_put, 4 },
    ['u'] = { op_setitems, 0 },
    /* protocol 2 */
    [0x80] = { op_proto, 1 },
    [0x81] = { op_reduce, 0 },
    [0x82] = { op_extension, 1 },
    [0x83] = { op_extension, 2 },
    [0x84] = { op_extension, 4 },
    [0x85] = { op_small_tuple, 0 },
    [0x86] = { op_small_tuple, 0 },
    [0x87] = { op_small_tuple, 0 },
    [0x88] = { op_true, 0 },
    [0x89] = { op_false, 0 },
    [0x8a] = { op_long, 1 },
    [0x8b] = { op_long, 4 },
    /* protocol 3 */
    ['B'] = { op_bytes, 4 },
    ['C'] = { op_bytes, 1 },
    /* protocol 4 */
    [0x8c] = { op_str, 1 },
    [0x8d] = { op_str, 8 },
    [0x8e] = { op_bytes, 8 },
    [0x8f] = { op_empty, 0 },
    [0x90] = { op_additems, 0 },
    [0x91] = { op_collect, 0 },
    [0x92] = { op_newobj_ex, 0 },
    [0x93] = { op_stack_global, 0 },
    [0x94] = { op_memoize, 0 },
    [0x95] = { op_frame, 8 },
    /* protocol 5 */
    [0x96] = { op_bytes, 8 },
    [0x97] = { op_buffer, 0 },
    [0x98] = { op_buffer, 0 },
};

static void step(struct dsc_machine *m)
{
    const struct opcode *op;

    m->op = m->at;
    if (m->at == m->end) {
        dsc_machine_cut_short(m);
        return;
    }
    op = &opcodes[*m->at++];
    if (!op->run) {
        dsc_machine_fail(m, DSC_FORMAT, "the byte 0x%02x means nothing in a pickle; it is damaged",
                         *m->op);
        return;
    }
    if (op->width > (size_t)(m->end - m->at)) {
        dsc_machine_cut_short(m);
        return;
    }
    m->arg = 0;
    for (unsigned i = 0; i < op->width; i++)
        m->arg |= (uint64_t)*m->at++ << (8 * i);
    op->run(m);
}

enum dsc_status dsc_pickle_parse(struct dsc_pickle *p, const void *bytes, size_t len,
                                 const char *name, const struct dsc_pickle_limits *limits)
{
    struct dsc_machine m = { .name = name, .begin = bytes, .at = bytes, .out = p };

    memset(p, 0, sizeof(*p));
    m.limits = limits ? *limits : default_limits;
    if (len > m.limits.max_bytes)
        return dsc_fail(DSC_FORMAT, "'%s': a pickle of %zu bytes, more than the %zu allowed", name,
                        len, m.limits.max_bytes);
    m.end = m.begin + len;
    while (!m.status && !m.stopped)
        step(&m);
    dsc_free(m.stack);
    dsc_free(m.marks);
    dsc_free(m.memo);
    if (m.status)
        dsc_pickle_release(p);
    return m.status;
}

void dsc_pickle_release(struct dsc_pickle *p)
{
    dsc_arena_release(&p->arena);
    p->root = NULL;
}

/* Protocol 0 is plain text, so a list of words may begin with the same letter:
 * ask for the shape that the first opcode makes. */
static bool text_looks_like(const char *s, size_t len)
{
    const char *end = s + len, *line;

    switch (s[0]) {
    case '(':
        return len > 1 && s[1] && strchr("dlticS(V.K]})I", s[1]);
    case ']':
    case '}':
    case ')':
        return len > 1 && s[1] && strchr("qp(.", s[1]);
    case 'c':
    case 'i':
        line = memchr(s, '\n', len);
        line = line ? memchr(line + 1, '\n', (size_t)(end - line - 1)) : NULL;
        if (!line || ++line == end)
            return false;
        if (*line == 'p')
            return line + 1 < end && line[1] >= '0' && line[1] <= '9';
        return *line == 'q' ? line + 1 < end && (unsigned char)line[1] < ' '
                            : *line == '(' || *line == ')';
    default:
        return false;
    }
}

bool dsc_pickle_looks_like(const void *bytes, size_t len)
{
    const uint8_t *s = bytes;

    if (len < 2)
        return false;
    /* PROTO and a number that is no letter: such a byte begins no UTF-8 text. */
    return s[0] == 0x80 ? s[1] < ' ' : text_looks_like(bytes, len);
}
