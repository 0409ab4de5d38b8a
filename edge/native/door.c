/* The door between Python and the loops: takes arrays (arrays.c), checks what they must agree in, lets other threads
   run meanwhile. Stable ABI: one build serves every Python from 3.11 on. */
#include "arrays.h"

/* One byte for every tile of a picture. */
static Py_buffer *take_tiles(Arrays *arrays, PyObject *array, const char *name, Size picture, int flags)
{
    Py_buffer *view = take(arrays, array, name, "B", 2, PyBUF_C_CONTIGUOUS | flags);
    Size tiles = {(picture.height + TILE_HIGH - 1) / TILE_HIGH, (picture.width + TILE_WIDE - 1) / TILE_WIDE};
    return view && alike(view, name, tiles) ? view : NULL;
}

/* Whether a guided filter can be so; sets the error when not. */
static int is_filter(int radius, float epsilon)
{
    if (radius >= 0 && radius <= MOST_RADIUS && epsilon > 0.0f) return 1;
    PyErr_Format(PyExc_ValueError, "radius is %d; it must be from 0 to %d, and epsilon above 0", radius, MOST_RADIUS);
    return 0;
}

static PyObject *door_guided(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    int radius;
    float epsilon;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOifOO", &in[0], &in[1], &radius, &epsilon, &in[2], &in[3])) return NULL;
    if (!is_filter(radius, epsilon)) return NULL;
    Py_buffer *guide = take(&arrays, in[0], "guide", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!guide) return failed(&arrays);
    Py_buffer *views[3];
    const char *names[3] = {"values", "a", "b"};
    for (int i = 0; i < 3; i++) {
        views[i] = take(&arrays, in[i + 1], names[i], "f", 2, PyBUF_C_CONTIGUOUS | (i ? PyBUF_WRITABLE : 0));
        if (!views[i] || !alike(views[i], names[i], size_of(guide))) return failed(&arrays);
    }
    int status;
    Py_BEGIN_ALLOW_THREADS
    Size size = size_of(guide);
    status = guided_coefficients(guide->buf, size.width, views[0]->buf, size, radius, epsilon, views[1]->buf,
                                 views[2]->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_shrink(PyObject *self, PyObject *args)
{
    PyObject *in[3];
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &in[0], &in[1], &in[2])) return NULL;
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Py_buffer *small = take(&arrays, in[1], "small", "B", 3, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!small) return failed(&arrays);
    Py_buffer *luma = take(&arrays, in[2], "luma", "B", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!luma || !alike(luma, "luma", size_of(small))) return failed(&arrays);
    Size full = size_of(pixels), size = size_of(small);
    int down = full.height / size.height, across = full.width / size.width;
    if (down < 1 || across < 1 || down > MOST_SHRUNK || across > MOST_SHRUNK) {
        PyErr_Format(PyExc_ValueError, "%d x %d cannot be shrunk to %d x %d; each side must become 1 to %d times smaller",
                     full.height, full.width, size.height, size.width, MOST_SHRUNK);
        return failed(&arrays);
    }
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = shrink(pixels->buf, full, small->buf, luma->buf, size);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_enlarge(PyObject *self, PyObject *args)
{
    PyObject *in[6];
    Ramp ramp;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO(ff)OO", &in[0], &in[1], &in[2], &in[3], &ramp.low, &ramp.high, &in[4],
                          &in[5])) return NULL;
    if (!(ramp.low < ramp.high)) return PyErr_Format(PyExc_ValueError, "a ramp must rise: its second number is the larger");
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Py_buffer *small[3];
    const char *names[3] = {"luma", "a", "b"};
    for (int i = 0; i < 3; i++) {
        small[i] = take(&arrays, in[i + 1], names[i], i ? "f" : "B", 2, PyBUF_C_CONTIGUOUS);
        if (!small[i] || !alike(small[i], names[i], size_of(small[0]))) return failed(&arrays);
    }
    Py_buffer *kinds = take_tiles(&arrays, in[4], "kinds", size_of(pixels), PyBUF_WRITABLE);
    if (!kinds) return failed(&arrays);
    Py_buffer *alpha = take(&arrays, in[5], "alpha", "B", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!alpha || !alike(alpha, "alpha", size_of(pixels))) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = enlarge_alpha(pixels->buf, size_of(pixels), small[0]->buf, small[1]->buf, small[2]->buf,
                           size_of(small[0]), ramp, kinds->buf, alpha->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_outline(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    int radius;
    float epsilon;
    Surely surely;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOif(ff)OO", &in[0], &in[1], &radius, &epsilon, &surely.certain, &surely.sure, &in[2],
                          &in[3])) return NULL;
    if (!is_filter(radius, epsilon)) return NULL;
    if (!(surely.certain < 0.5f)) return PyErr_Format(PyExc_ValueError, "what is certain must be nearer to 0 or 1 than 0.5");
    Py_buffer *guide = take_rows(&arrays, in[0], "guide");
    if (!guide) return failed(&arrays);
    Py_buffer *mask = take(&arrays, in[1], "mask", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!mask) return failed(&arrays);
    Py_buffer *a = take(&arrays, in[2], "a", "f", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!a || !alike(a, "a", size_of(guide))) return failed(&arrays);
    Py_buffer *b = take(&arrays, in[3], "b", "f", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!b || !alike(b, "b", size_of(guide))) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = outline(guide->buf, guide->strides[0], size_of(guide), mask->buf, size_of(mask), radius, epsilon, surely,
                     a->buf, b->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_blend(PyObject *self, PyObject *args)
{
    PyObject *in[6];
    int linear;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOpOO", &in[0], &in[1], &in[2], &in[3], &linear, &in[4], &in[5])) return NULL;
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Size size = size_of(pixels);
    Py_buffer *alpha = take(&arrays, in[1], "alpha", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!alpha || !alike(alpha, "alpha", size)) return failed(&arrays);
    Py_buffer *kinds = in[2] == Py_None ? NULL : take_tiles(&arrays, in[2], "kinds", size, 0);
    if (in[2] != Py_None && !kinds) return failed(&arrays);
    Py_buffer *behind = take(&arrays, in[3], "backdrop", "B", 3, PyBUF_STRIDES);
    if (!behind || !alike(behind, "backdrop", size)) return failed(&arrays);
    if (behind->strides[2] != 1) {
        PyErr_SetString(PyExc_ValueError, "a backdrop pixel's three bytes must lie side by side");
        return failed(&arrays);
    }
    Py_buffer *picture = take(&arrays, in[4], "picture", "B", 3, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!picture || !alike(picture, "picture", size)) return failed(&arrays);
    Py_buffer *shown = in[5] == Py_None ? NULL : take_tiles(&arrays, in[5], "shown", size, PyBUF_WRITABLE);
    if (in[5] != Py_None && !shown) return failed(&arrays);
    Backdrop backdrop = {behind->buf, behind->strides[0], behind->strides[1]};
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = blend(pixels->buf, alpha->buf, kinds ? kinds->buf : NULL, backdrop, size, linear, picture->buf,
                   shown ? shown->buf : NULL);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_settle(PyObject *self, PyObject *args)
{
    PyObject *in[3];
    int top, left;
    Calm calm;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OO(ii)O(fff)", &in[0], &in[1], &top, &left, &in[2], &calm.share, &calm.still,
                          &calm.moving)) return NULL;
    if (!(calm.still < calm.moving)) return PyErr_Format(PyExc_ValueError, "what moves must change more than what is still");
    Py_buffer *held = take(&arrays, in[0], "held", "f", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!held) return failed(&arrays);
    Py_buffer *present = take(&arrays, in[1], "present", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!present) return failed(&arrays);
    Size size = size_of(held), part = size_of(present);
    if (top < 0 || left < 0 || top > size.height - part.height || left > size.width - part.width) {
        PyErr_Format(PyExc_ValueError, "present is %d x %d at (%d, %d), which leaves held's %d x %d", part.height,
                     part.width, top, left, size.height, size.width);
        return failed(&arrays);
    }
    Py_buffer *moved = take(&arrays, in[2], "moved", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!moved || !alike(moved, "moved", size)) return failed(&arrays);
    Py_BEGIN_ALLOW_THREADS
    settle(held->buf, size, present->buf, top, left, part, moved->buf, calm);
    Py_END_ALLOW_THREADS
    return done(&arrays, 0);
}

static PyObject *door_carry(PyObject *self, PyObject *args)
{
    PyObject *in[5];
    Axis down, across;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OO(fffff)(fffff)OOO", &in[0], &in[1], &down.step, &down.first, &down.scale, &down.from,
                          &down.gain, &across.step, &across.first, &across.scale, &across.from, &across.gain, &in[2],
                          &in[3], &in[4])) return NULL;
    Py_buffer *values = take(&arrays, in[0], "values", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!values) return failed(&arrays);
    Py_buffer *flow = take(&arrays, in[1], "flow", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!flow) return failed(&arrays);
    Size steps = {(int)flow->shape[0], (int)flow->shape[1] / 2};
    if (flow->shape[1] % 2) {
        PyErr_Format(PyExc_ValueError, "flow has %zd columns; they must be pairs of x and y", flow->shape[1]);
        return failed(&arrays);
    }
    Py_buffer *out = take(&arrays, in[4], "out", "f", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!out) return failed(&arrays);
    int plain = in[2] == Py_None && in[3] == Py_None;
    Py_buffer *share = plain ? NULL : take(&arrays, in[2], "share", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!plain && (!share || !alike(share, "share", steps))) return failed(&arrays);
    Py_buffer *fresh = plain ? NULL : take(&arrays, in[3], "fresh", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!plain && (!fresh || !alike(fresh, "fresh", size_of(out)))) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    Carried mask = {values->buf, size_of(values)};
    status = carry(mask, flow->buf, steps, across, down, share ? share->buf : NULL, fresh ? fresh->buf : NULL,
                   out->buf, size_of(out));
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyMethodDef methods[] = {
    {"guided", door_guided, METH_VARARGS, "guided(guide, values, radius, epsilon, a, b): fills a and b."},
    {"shrink", door_shrink, METH_VARARGS, "shrink(pixels, small, luma): fills small and luma."},
    {"enlarge", door_enlarge, METH_VARARGS, "enlarge(pixels, luma, a, b, (low, high), kinds, alpha): fills alpha."},
    {"outline", door_outline, METH_VARARGS, "outline(guide, mask, radius, epsilon, (certain, sure), a, b): fills a, b."},
    {"blend", door_blend, METH_VARARGS, "blend(pixels, alpha, kinds, backdrop, linear, picture, shown): fills picture."},
    {"settle", door_settle, METH_VARARGS, "settle(held, present, (top, left), moved, (share, still, moving)): moves held towards present."},
    {"carry", door_carry, METH_VARARGS, "carry(values, flow, down, across, share, fresh, out): fills out."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "loops", "The hot loops in C; loops.pyi has their types, loops.h their meaning.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_loops(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && (PyModule_AddIntConstant(module, "TILE_HIGH", TILE_HIGH) < 0
                   || PyModule_AddIntConstant(module, "TILE_WIDE", TILE_WIDE) < 0)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
