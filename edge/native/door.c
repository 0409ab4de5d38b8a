/* The door between Python and the loops: takes arrays (arrays.c), checks what they must agree in, lets other threads
   run meanwhile. Stable ABI: one build serves every Python from 3.11 on. */
#include "arrays.h"

static PyObject *door_guided(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    int radius;
    float epsilon;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOifOO", &in[0], &in[1], &radius, &epsilon, &in[2], &in[3])) return NULL;
    if (radius < 0 || radius > MOST_RADIUS || !(epsilon > 0.0f)) {
        return PyErr_Format(PyExc_ValueError, "radius is %d; it must be from 0 to %d, and epsilon above 0", radius,
                            MOST_RADIUS);
    }
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
    status = guided_coefficients(guide->buf, views[0]->buf, size_of(guide), radius, epsilon, views[1]->buf,
                                 views[2]->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_enlarge(PyObject *self, PyObject *args)
{
    PyObject *in[5];
    int margin;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOiO", &in[0], &in[1], &in[2], &in[3], &margin, &in[4])) return NULL;
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Py_buffer *small[3];
    const char *names[3] = {"a", "b", "seen"};
    for (int i = 0; i < 3; i++) {
        small[i] = take(&arrays, in[i + 1], names[i], "f", 2, PyBUF_C_CONTIGUOUS);
        if (!small[i] || !alike(small[i], names[i], size_of(small[0]))) return failed(&arrays);
    }
    Py_buffer *alpha = take(&arrays, in[4], "alpha", "B", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!alpha || !alike(alpha, "alpha", size_of(pixels))) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = enlarge_alpha(pixels->buf, size_of(pixels), small[0]->buf, small[1]->buf, small[2]->buf,
                           size_of(small[0]), margin < 0 ? 0 : margin, alpha->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_blend(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    int linear;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOpO", &in[0], &in[1], &in[2], &linear, &in[3])) return NULL;
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Size size = size_of(pixels);
    Py_buffer *alpha = take(&arrays, in[1], "alpha", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!alpha || !alike(alpha, "alpha", size)) return failed(&arrays);
    Py_buffer *behind = take(&arrays, in[2], "backdrop", "B", 3, PyBUF_STRIDES);
    if (!behind || !alike(behind, "backdrop", size)) return failed(&arrays);
    if (behind->strides[2] != 1) {
        PyErr_SetString(PyExc_ValueError, "a backdrop pixel's three bytes must lie side by side");
        return failed(&arrays);
    }
    Py_buffer *picture = take(&arrays, in[3], "picture", "B", 3, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!picture || !alike(picture, "picture", size)) return failed(&arrays);
    Backdrop backdrop = {behind->buf, behind->strides[0], behind->strides[1]};
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = blend(pixels->buf, alpha->buf, backdrop, size, linear, picture->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_settle(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &in[0], &in[1], &in[2], &in[3])) return NULL;
    Py_buffer *held = take(&arrays, in[0], "held", "f", 2, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
    if (!held) return failed(&arrays);
    Py_buffer *present = take(&arrays, in[1], "present", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!present || !alike(present, "present", size_of(held))) return failed(&arrays);
    Py_buffer *moved = take(&arrays, in[2], "moved", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!moved || !alike(moved, "moved", size_of(held))) return failed(&arrays);
    Py_buffer *share = take(&arrays, in[3], "share", "f", 2, PyBUF_C_CONTIGUOUS);
    if (!share || !alike(share, "share", (Size){1, 256})) return failed(&arrays);
    Py_BEGIN_ALLOW_THREADS
    settle(held->buf, present->buf, moved->buf, share->buf, (int)(held->shape[0] * held->shape[1]));
    Py_END_ALLOW_THREADS
    return done(&arrays, 0);
}

static PyMethodDef methods[] = {
    {"guided", door_guided, METH_VARARGS, "guided(guide, values, radius, epsilon, a, b): fills a and b."},
    {"enlarge", door_enlarge, METH_VARARGS, "enlarge(pixels, a, b, seen, margin, alpha): fills alpha."},
    {"blend", door_blend, METH_VARARGS, "blend(pixels, alpha, backdrop, linear, picture): fills picture."},
    {"settle", door_settle, METH_VARARGS, "settle(held, present, moved, share): moves held towards present."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "loops", "The hot loops in C; loops.pyi has their types, loops.h their meaning.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_loops(void)
{
    return PyModule_Create(&definition);
}
