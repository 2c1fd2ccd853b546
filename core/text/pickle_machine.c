#include "core/text/pickle_machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

void dsc_machine_fail(struct dsc_machine *m, enum dsc_status status, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    if (m->status)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    m->status =
        dsc_fail(status, "'%s': at byte %zu: %s", m->name, (size_t)(m->op - m->begin), text);
}

void dsc_machine_damaged(struct dsc_machine *m, const char *what)
{
    dsc_machine_fail(m, DSC_FORMAT, "%s; the pickle is damaged", what);
}

void dsc_machine_cut_short(struct dsc_machine *m)
{
    dsc_machine_fail(m, DSC_FORMAT, "the file ends inside the pickle; it is cut short or damaged");
}

void dsc_machine_no_memory(struct dsc_machine *m)
{
    if (!m->status)
        m->status = dsc_fail_nomem("a pickle");
}

/* ---- values ---- */

static bool count_values(struct dsc_machine *m, size_t n)
{
    if (n > m->limits.max_values - m->values) {
        dsc_machine_fail(m, DSC_FORMAT, "more than %zu values, too many for a tokenizer",
                         m->limits.max_values);
        return false;
    }
    m->values += n;
    return true;
}

/* An allocation that dies with the result. */
void *dsc_machine_keep(struct dsc_machine *m, size_t n, size_t size)
{
    void *p = dsc_arena_alloc(&m->out->arena, n, size);

    if (!p)
        dsc_machine_no_memory(m);
    return p;
}

struct dsc_pickle_value *dsc_machine_new(struct dsc_machine *m, enum dsc_pickle_type type)
{
    struct dsc_pickle_value *v = count_values(m, 1) ? dsc_machine_keep(m, 1, sizeof(*v)) : NULL;

    if (!v)
        return &m->placeholder;
    v->type = type;
    return v;
}

void dsc_machine_push(struct dsc_machine *m, struct dsc_pickle_value *v)
{
    if (m->n_stack == m->limits.max_values) {
        dsc_machine_fail(m, DSC_FORMAT, "more than %zu values, too many for a tokenizer",
                         m->limits.max_values);
    } else if (m->n_stack == m->cap_stack && dsc_grow(&m->stack, &m->cap_stack, m->n_stack + 1,
                                                      sizeof(struct dsc_pickle_value *))) {
        dsc_machine_no_memory(m);
    } else {
        m->stack[m->n_stack++] = v;
    }
}

/* The height that the running opcode may not pop below. */
size_t dsc_machine_fence(const struct dsc_machine *m)
{
    return m->n_marks ? m->marks[m->n_marks - 1] : 0;
}

struct dsc_pickle_value *dsc_machine_top(struct dsc_machine *m)
{
    if (m->n_stack > dsc_machine_fence(m))
        return m->stack[m->n_stack - 1];
    dsc_machine_damaged(m, "a value is missing");
    return &m->placeholder;
}

struct dsc_pickle_value *dsc_machine_pop(struct dsc_machine *m)
{
    struct dsc_pickle_value *v = dsc_machine_top(m);

    if (!m->status)
        m->n_stack--;
    return v;
}

/* Remove the values above the last mark; they stay readable until the next push. */
struct dsc_values dsc_machine_pop_mark(struct dsc_machine *m)
{
    struct dsc_values v = { NULL, 0 };
    size_t height;

    if (!m->n_marks) {
        dsc_machine_damaged(m, "a mark is missing");
        return v;
    }
    height = m->marks[--m->n_marks];
    v.n = m->n_stack - height;
    if (v.n)
        v.items = m->stack + height;
    m->n_stack = height;
    return v;
}

void dsc_machine_too_deep(struct dsc_machine *m)
{
    dsc_machine_fail(m, DSC_FORMAT, "values nested more than %zu deep, too deep for a tokenizer",
                     m->limits.max_depth);
}

void dsc_machine_nest(struct dsc_machine *m, struct dsc_pickle_value *v,
                      const struct dsc_pickle_value *child)
{
    if (child->depth >= v->depth)
        v->depth = child->depth + 1;
    if (v->depth > m->limits.max_depth)
        dsc_machine_too_deep(m);
}

/* Append to a LIST, TUPLE or SET; to a DICT, keys and values in turn. */
void dsc_machine_append(struct dsc_machine *m, struct dsc_pickle_value *list, struct dsc_values v)
{
    size_t per = list->type == DSC_PICKLE_DICT ? 2 : 1, used = list->n * per;

    if (v.n % per)
        dsc_machine_damaged(m, "a key has no value");
    if (m->status || !v.n || !count_values(m, v.n))
        return;
    if (v.n > list->cap - used) {
        size_t cap = DSC_MAX(used + v.n, 2 * list->cap);
        struct dsc_pickle_value **p = dsc_machine_keep(m, cap, sizeof(*p));

        if (!p)
            return;
        if (used)
            memcpy(p, list->items, used * sizeof(*p));
        list->items = p;
        list->cap = cap;
    }
    for (size_t i = 0; i < v.n; i++) {
        dsc_machine_nest(m, list, v.items[i]);
        list->items[used + i] = v.items[i];
    }
    list->n += v.n / per;
}

struct dsc_pickle_value *dsc_machine_new_list(struct dsc_machine *m, enum dsc_pickle_type type,
                                              struct dsc_values v)
{
    struct dsc_pickle_value *list = dsc_machine_new(m, type);

    dsc_machine_append(m, list, v);
    return list;
}

/* ---- bytes of the file ---- */

struct dsc_span dsc_machine_take(struct dsc_machine *m, uint64_t len)
{
    struct dsc_span s = { (const char *)m->at, 0 };

    if (len > (size_t)(m->end - m->at)) {
        dsc_machine_cut_short(m);
        return s;
    }
    s.len = (size_t)len;
    m->at += s.len;
    return s;
}

struct dsc_span dsc_machine_take_line(struct dsc_machine *m)
{
    const uint8_t *eol = memchr(m->at, '\n', (size_t)(m->end - m->at));
    struct dsc_span s;

    if (!eol) {
        dsc_machine_cut_short(m);
        return (struct dsc_span){ "", 0 };
    }
    s = dsc_machine_take(m, (uint64_t)(eol - m->at));
    m->at++;
    return s;
}
