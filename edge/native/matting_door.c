/* The door between Python and the loops of matting: takes arrays (arrays.c), checks what they must agree in, lets
   other threads run meanwhile. Stable ABI, as door.c. */
#include "arrays.h"
#include "matting.h"

enum { WRITE = PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE };

static Py_buffer *take_alike(Arrays *arrays, PyObject *array, const char *name, const char *type, int dimensions,
                             int flags, Size size)
{
    Py_buffer *view = take(arrays, array, name, type, dimensions, flags);
    return view && alike(view, name, size) ? view : NULL;
}

/* Whether every index lies inside the picture: a stray one would be read from anywhere. */
static int all_inside(const Py_buffer *view, const char *name, Size size)
{
    const int32_t *index = view->buf;
    for (Py_ssize_t i = 0; i < view->shape[0] * view->shape[1]; i++)
        if (index[i] < 0 || index[i] >= size.height * size.width) {
            PyErr_Format(PyExc_ValueError, "%s holds pixel %d, the picture has %d", name, (int)index[i],
                         size.height * size.width);
            return 0;
        }
    return 1;
}

static PyObject *door_band(PyObject *self, PyObject *args)
{
    PyObject *in[5];
    Ramp ramp;
    float soft;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO(ff)fOO", &in[0], &in[1], &in[2], &ramp.low, &ramp.high, &soft, &in[3], &in[4]))
        return NULL;
    if (!(ramp.low < ramp.high)) return PyErr_Format(PyExc_ValueError, "a ramp must rise: its second number is the larger");
    Py_buffer *guide = take_rows(&arrays, in[0], "guide");
    if (!guide) return failed(&arrays);
    Size size = size_of(guide);
    Py_buffer *a = take_alike(&arrays, in[1], "a", "f", 2, PyBUF_C_CONTIGUOUS, size);
    if (!a) return failed(&arrays);
    Py_buffer *b = take_alike(&arrays, in[2], "b", "f", 2, PyBUF_C_CONTIGUOUS, size);
    if (!b) return failed(&arrays);
    Py_buffer *alpha = take_alike(&arrays, in[3], "alpha", "f", 2, WRITE, size);
    if (!alpha) return failed(&arrays);
    Py_buffer *trimap = take_alike(&arrays, in[4], "trimap", "B", 2, WRITE, size);
    if (!trimap) return failed(&arrays);
    int known;
    Py_BEGIN_ALLOW_THREADS
    known = band(guide->buf, guide->strides[0], a->buf, b->buf, size, ramp, soft, alpha->buf, trimap->buf);
    Py_END_ALLOW_THREADS
    give_back(&arrays);
    return known < 0 ? PyErr_NoMemory() : PyBool_FromLong(known);
}

static PyObject *door_count_blocks(PyObject *self, PyObject *array)
{
    Arrays arrays = {.count = 0};
    (void)self;
    Py_buffer *unknown = take(&arrays, array, "unknown", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!unknown) return failed(&arrays);
    int count = count_blocks(unknown->buf, size_of(unknown));
    give_back(&arrays);
    return PyLong_FromLong(count);
}

static PyObject *door_laplacian(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    float epsilon;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOfOO", &in[0], &in[1], &epsilon, &in[2], &in[3])) return NULL;
    if (!(epsilon > 0.0f)) return PyErr_Format(PyExc_ValueError, "epsilon must be above 0");
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Size size = size_of(pixels);
    Py_buffer *unknown = take_alike(&arrays, in[1], "unknown", "B", 2, PyBUF_C_CONTIGUOUS, size);
    if (!unknown) return failed(&arrays);
    int blocks = count_blocks(unknown->buf, size), status;
    Py_buffer *at = take_table(&arrays, in[2], "at", "i", blocks, 1, PyBUF_WRITABLE);
    if (!at) return failed(&arrays);
    Py_buffer *weights = take_table(&arrays, in[3], "weights", "f", blocks, BLOCK_WEIGHTS, PyBUF_WRITABLE);
    if (!weights) return failed(&arrays);
    Py_BEGIN_ALLOW_THREADS
    status = laplacian(pixels->buf, unknown->buf, size, epsilon, at->buf, weights->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_nearest(PyObject *self, PyObject *args)
{
    PyObject *in[3];
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOO", &in[0], &in[1], &in[2])) return NULL;
    Py_buffer *features = take_table(&arrays, in[0], "features", "f", -1, -1, 0);
    if (!features) return failed(&arrays);
    Py_buffer *index = take_table(&arrays, in[1], "index", "i", -1, -1, PyBUF_WRITABLE);
    if (!index) return failed(&arrays);
    Py_ssize_t count = features->shape[0], wide = features->shape[1], queries = index->shape[0], k = index->shape[1];
    if (wide < 1 || wide > MOST_FEATURES || k < 1 || k > MOST_NEIGHBOURS || k >= count || queries > count) {
        PyErr_Format(PyExc_ValueError, "%zd neighbours for %zd of %zd points with %zd features; at most %d neighbours, "
                     "fewer than points, and from 1 to %d features", k, queries, count, wide, MOST_NEIGHBOURS,
                     MOST_FEATURES);
        return failed(&arrays);
    }
    Py_buffer *distance = take_table(&arrays, in[2], "distance", "f", queries, k, PyBUF_WRITABLE);
    if (!distance) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = nearest(features->buf, (int)count, (int)wide, (int)queries, (int)k, index->buf, distance->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyObject *door_sampled(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    float weight;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOfOO", &in[0], &in[1], &weight, &in[2], &in[3])) return NULL;
    if (!(weight > 0.0f)) return PyErr_Format(PyExc_ValueError, "weight must be above 0");
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Size size = size_of(pixels);
    Py_buffer *trimap = take_alike(&arrays, in[1], "trimap", "B", 2, PyBUF_C_CONTIGUOUS, size);
    if (!trimap) return failed(&arrays);
    Py_buffer *pull = take_alike(&arrays, in[2], "pull", "f", 2, WRITE, size);
    if (!pull) return failed(&arrays);
    Py_buffer *towards = take_alike(&arrays, in[3], "towards", "f", 2, WRITE, size);
    if (!towards) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = sampled(pixels->buf, trimap->buf, size, weight, pull->buf, towards->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

/* The links' three tables. 0: the error is set. */
static int take_links(Arrays *arrays, PyObject *const *in, Size size, Links *links)
{
    Py_buffer *from = take_table(arrays, in[0], "link_from", "i", -1, 1, 0);
    if (!from || !all_inside(from, "link_from", size)) return 0;
    Py_buffer *to = take_table(arrays, in[1], "link_to", "i", from->shape[0], -1, 0);
    if (!to || !all_inside(to, "link_to", size)) return 0;
    Py_buffer *weight = take_table(arrays, in[2], "link_weight", "f", from->shape[0], to->shape[1], 0);
    if (!weight) return 0;
    *links = (Links){(int32_t)from->shape[0], (int32_t)to->shape[1], from->buf, to->buf, weight->buf};
    return 1;
}

static PyObject *door_solve(PyObject *self, PyObject *args)
{
    PyObject *in[9];
    int most;
    float tolerance;
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOOifO", &in[0], &in[1], &in[2], &in[3], &in[4], &in[5], &in[6], &in[7], &most,
                          &tolerance, &in[8])) return NULL;
    Py_buffer *unknown = take(&arrays, in[0], "unknown", "B", 2, PyBUF_C_CONTIGUOUS);
    if (!unknown) return failed(&arrays);
    System system = {.size = size_of(unknown), .unknown = unknown->buf};
    system.blocks = count_blocks(unknown->buf, system.size);
    Py_buffer *at = take_table(&arrays, in[1], "at", "i", system.blocks, 1, 0);
    if (!at || !all_inside(at, "at", system.size)) return failed(&arrays);
    Py_buffer *weights = take_table(&arrays, in[2], "weights", "f", system.blocks, BLOCK_WEIGHTS, 0);
    if (!weights || !take_links(&arrays, in + 3, system.size, &system.links)) return failed(&arrays);
    Py_buffer *pull = take_alike(&arrays, in[6], "pull", "f", 2, PyBUF_C_CONTIGUOUS, system.size);
    if (!pull) return failed(&arrays);
    Py_buffer *towards = take_alike(&arrays, in[7], "towards", "f", 2, PyBUF_C_CONTIGUOUS, system.size);
    if (!towards) return failed(&arrays);
    Py_buffer *alpha = take_alike(&arrays, in[8], "alpha", "f", 2, WRITE, system.size);
    if (!alpha) return failed(&arrays);
    system.at = at->buf, system.weights = weights->buf, system.pull = pull->buf, system.towards = towards->buf;
    Outcome outcome = {0, 0.0f};
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = solve(&system, most, tolerance, alpha->buf, &outcome);
    Py_END_ALLOW_THREADS
    give_back(&arrays);
    return status ? PyErr_NoMemory() : Py_BuildValue("(if)", outcome.iterations, outcome.residual);
}

static PyObject *door_multilevel(PyObject *self, PyObject *args)
{
    PyObject *in[4];
    Arrays arrays = {.count = 0};
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO", &in[0], &in[1], &in[2], &in[3])) return NULL;
    Py_buffer *pixels = take(&arrays, in[0], "pixels", "B", 3, PyBUF_C_CONTIGUOUS);
    if (!pixels) return failed(&arrays);
    Size size = size_of(pixels);
    Py_buffer *alpha = take_alike(&arrays, in[1], "alpha", "f", 2, PyBUF_C_CONTIGUOUS, size);
    if (!alpha) return failed(&arrays);
    Py_buffer *front = take_alike(&arrays, in[2], "front", "f", 3, WRITE, size);
    if (!front) return failed(&arrays);
    Py_buffer *back = take_alike(&arrays, in[3], "back", "f", 3, WRITE, size);
    if (!back) return failed(&arrays);
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = multilevel(pixels->buf, alpha->buf, size, front->buf, back->buf);
    Py_END_ALLOW_THREADS
    return done(&arrays, status);
}

static PyMethodDef methods[] = {
    {"band", door_band, METH_VARARGS, "band(guide, a, b, (low, high), soft, alpha, trimap): whether both sides are known; "
     "fills both."},
    {"count_blocks", door_count_blocks, METH_O, "count_blocks(unknown): how many blocks hold them."},
    {"laplacian", door_laplacian, METH_VARARGS, "laplacian(pixels, unknown, epsilon, at, weights): fills both."},
    {"nearest", door_nearest, METH_VARARGS, "nearest(features, index, distance): fills both."},
    {"sampled", door_sampled, METH_VARARGS, "sampled(pixels, trimap, weight, pull, towards): fills both."},
    {"solve", door_solve, METH_VARARGS, "solve(unknown, at, weights, link_from, link_to, link_weight, pull, towards, "
     "most_iterations, tolerance, alpha): (iterations, residual); fills alpha."},
    {"multilevel", door_multilevel, METH_VARARGS, "multilevel(pixels, alpha, front, back): fills both."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "matting", "The loops of matting in C; matting.pyi has types, matting.h their meaning.", -1,
    methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_matting(void)
{
    return PyModule_Create(&definition);
}
