/* A stand-in for libedgetpu.so.1, for test_edge_tpu_runs.py: TensorFlow Lite's external delegate, which takes every operator of
 * a graph and answers with the picture's first channel (and ones for anything larger), so that whoever reads the answer knows
 * who gave it. The file named in EDGE_TPU_STATE says how it behaves:
 *   ok, absent (no device), fails (every inference), first (the next inference fails, then ok).
 * What happens to it is appended to that file's name with .log. Layouts: tensorflow/lite/core/c/common.h, 2.10 to 2.19. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int size; int data[]; } IntArray;

typedef struct {
    int type; void *data; IntArray *dims; struct { float scale; int32_t zero_point; } params; int allocation_type; size_t bytes;
    const void *allocation; const char *name; void *delegate; int buffer_handle; bool data_is_stale, is_variable;
    struct { int type; void *params; } quantization; void *sparsity; const IntArray *dims_signature;
} Tensor;

typedef struct { IntArray *inputs, *outputs, *intermediates, *temporaries; void *user_data; } Node;

typedef struct Context Context;

typedef struct {
    void *(*init)(Context *, const char *, size_t); void (*free)(Context *, void *);
    int (*prepare)(Context *, Node *); int (*invoke)(Context *, Node *);
    const char *(*profiling_string)(const Context *, const Node *); int32_t builtin_code; const char *custom_name; int version;
    void *registration_external, *async_kernel; uint64_t inplace_operator;
} Registration;

struct Context {
    size_t tensors_size; int (*get_execution_plan)(Context *, IntArray **); Tensor *tensors; void *impl;
    int (*resize_tensor)(Context *, Tensor *, IntArray *); void (*report_error)(Context *, const char *, ...);
    int (*add_tensors)(Context *, int, int *); int (*get_node_and_registration)(Context *, int, Node **, Registration **);
    int (*replace_node_subsets)(Context *, Registration, const IntArray *, void *);
};

typedef struct Delegate {
    void *data; int (*prepare)(Context *, struct Delegate *); void *copy_from, *copy_to, *free_buffer; int64_t flags;
    void *opaque_builder;
} Delegate;

/* One line to the log. */
static void tell(const char *what) {
    const char *state = getenv("EDGE_TPU_STATE");
    char path[4096];
    if (!state) return; /* a test is over, and the last delegate goes */
    snprintf(path, sizeof path, "%s.log", state);
    FILE *log = fopen(path, "a");
    if (log) { fprintf(log, "%s\n", what); fclose(log); }
}

/* Whether the state file says so; "first" becomes "ok" when it has been asked about. */
static bool state_is(const char *wanted) {
    char word[16] = "";
    const char *state = getenv("EDGE_TPU_STATE");
    FILE *file = state ? fopen(state, "r") : NULL;
    if (file) { if (!fgets(word, sizeof word, file)) word[0] = 0; fclose(file); }
    word[strcspn(word, "\n")] = 0;
    if (strcmp(word, wanted)) return false;
    if (!strcmp(word, "first") && (file = fopen(state, "w"))) { fputs("ok", file); fclose(file); }
    return true;
}

static int ready(Context *context, Node *node) { (void)context; (void)node; return 0; }

/* One inference. */
static int invoke(Context *context, Node *node) {
    if (state_is("fails") || state_is("absent") || state_is("first")) {
        tell("failed");
        context->report_error(context, "stand-in: USB transfer error");
        return 1;
    }
    const Tensor *picture = &context->tensors[node->inputs->data[0]];
    size_t pixels = (size_t)picture->dims->data[1] * (size_t)picture->dims->data[2];
    for (int i = 0; i < node->outputs->size; i++) {
        Tensor *answer = &context->tensors[node->outputs->data[i]];
        for (size_t j = 0; j < answer->bytes; j++)
            ((int8_t *)answer->data)[j] = answer->bytes == pixels ? ((const int8_t *)picture->data)[3 * j] : 1;
    }
    return 0;
}

/* Takes every operator of the graph. */
static int prepare(Context *context, Delegate *delegate) {
    IntArray *plan;
    if (context->get_execution_plan(context, &plan)) return 1;
    Registration kernel = {.prepare = ready, .invoke = invoke, .custom_name = "stand-in", .version = 1};
    return context->replace_node_subsets(context, kernel, plan, delegate);
}

void *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
    (void)keys; (void)values; (void)count;
    if (state_is("absent")) { tell("absent"); report("stand-in: no device"); return NULL; }
    Delegate *made = calloc(1, sizeof *made);
    made->prepare = prepare;
    made->flags = 1; /* dynamic tensors allowed: otherwise the runtime prepares its operators first, and it knows no custom ones */
    tell("taken");
    return made;
}

void tflite_plugin_destroy_delegate(void *delegate) {
    if (delegate) tell("let go");
    free(delegate);
}
