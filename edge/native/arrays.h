/* Arrays from Python: taken through the buffer protocol, type, rank and size checked once, given back together. */
#ifndef MASQUE_ARRAYS_H
#define MASQUE_ARRAYS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "loops.h"  /* Size */

enum { MOST_ARRAYS = 12 };

/* The arrays of one call. */
typedef struct { Py_buffer views[MOST_ARRAYS]; int count; } Arrays;

Py_buffer *take(Arrays *arrays, PyObject *array, const char *name, const char *type, int dimensions, int flags);
Py_buffer *take_rows(Arrays *arrays, PyObject *array, const char *name);
Py_buffer *take_table(Arrays *arrays, PyObject *array, const char *name, const char *type, Py_ssize_t rows,
                      Py_ssize_t columns, int flags);
int alike(const Py_buffer *view, const char *name, Size size);
Size size_of(const Py_buffer *view);
void give_back(Arrays *arrays);
PyObject *done(Arrays *arrays, int status);
PyObject *failed(Arrays *arrays);

#endif
