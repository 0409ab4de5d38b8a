/* Arrays from Python, for both doors (door.c, matting_door.c). */
#include "arrays.h"

#include <string.h>  /* strcmp */

void give_back(Arrays *arrays)
{
    while (arrays->count) PyBuffer_Release(&arrays->views[--arrays->count]);
}

/* One array of a type ("B" uint8, "i" int32, "f" float32) and so many dimensions. NULL: the error is set. */
static Py_buffer *typed(Arrays *arrays, PyObject *array, const char *name, const char *type, int dimensions, int flags)
{
    Py_buffer *view = &arrays->views[arrays->count];
    if (PyObject_GetBuffer(array, view, PyBUF_FORMAT | flags) < 0) return NULL;
    arrays->count++;
    if (strcmp(view->format ? view->format : "B", type) == 0 && view->ndim == dimensions) return view;
    PyErr_Format(PyExc_ValueError, "%s has type %s and %d dimensions; it must be %s with %d", name,
                 view->format ? view->format : "B", view->ndim, type, dimensions);
    return NULL;
}

/* One picture (3 dimensions, the last of 3) or plane (2), with sides of a picture. NULL: the error is set. */
Py_buffer *take(Arrays *arrays, PyObject *array, const char *name, const char *type, int dimensions, int flags)
{
    Py_buffer *view = typed(arrays, array, name, type, dimensions, flags);
    if (!view) return NULL;
    if (dimensions == 3 && view->shape[2] != 3) {
        PyErr_Format(PyExc_ValueError, "%s has %zd channels; it must have 3", name, view->shape[2]);
        return NULL;
    }
    if (view->shape[0] < 1 || view->shape[1] < 1 || view->shape[0] > 65535 || view->shape[1] > 65535) {
        PyErr_Format(PyExc_ValueError, "%s is %zd x %zd; each side must be from 1 to 65,535", name, view->shape[0],
                     view->shape[1]);
        return NULL;
    }
    return view;
}

/* One plane of bytes whose rows may lie apart, as in a part of a picture. NULL: the error is set. */
Py_buffer *take_rows(Arrays *arrays, PyObject *array, const char *name)
{
    Py_buffer *view = take(arrays, array, name, "B", 2, PyBUF_STRIDES);
    if (!view || view->strides[1] == 1) return view;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes from one to the next in a row; they must lie side by side", name,
                 view->strides[1]);
    return NULL;
}

/* One table: so many rows and columns (-1: any number), contiguous. NULL: the error is set. */
Py_buffer *take_table(Arrays *arrays, PyObject *array, const char *name, const char *type, Py_ssize_t rows,
                      Py_ssize_t columns, int flags)
{
    Py_buffer *view = typed(arrays, array, name, type, 2, PyBUF_C_CONTIGUOUS | flags);
    if (!view) return NULL;
    if ((rows >= 0 && view->shape[0] != rows) || (columns >= 0 && view->shape[1] != columns)
        || view->shape[0] > INT32_MAX || view->shape[1] > INT32_MAX) {
        PyErr_Format(PyExc_ValueError, "%s is %zd x %zd, not %zd x %zd", name, view->shape[0], view->shape[1],
                     rows >= 0 ? rows : view->shape[0], columns >= 0 ? columns : view->shape[1]);
        return NULL;
    }
    return view;
}

/* Whether a view has the size of the first; sets the error, with both, when not. */
int alike(const Py_buffer *view, const char *name, Size size)
{
    if (view->shape[0] == size.height && view->shape[1] == size.width) return 1;
    PyErr_Format(PyExc_ValueError, "%s is %zd x %zd, not %d x %d", name, view->shape[0], view->shape[1], size.height,
                 size.width);
    return 0;
}

Size size_of(const Py_buffer *view)
{
    return (Size){(int)view->shape[0], (int)view->shape[1]};
}

/* Ends a call: None, or MemoryError when the loop had none. */
PyObject *done(Arrays *arrays, int status)
{
    give_back(arrays);
    if (status == 0) Py_RETURN_NONE;
    return PyErr_NoMemory();
}

PyObject *failed(Arrays *arrays)
{
    give_back(arrays);
    return NULL;
}
