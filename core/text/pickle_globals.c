#include <string.h>

#include "core/text/pickle_internal.h"

/* Everything that a pickled tokenizer names, in any era of Keras, NumPy and
 * Python. A name enters this list only when reading it needs no code. */
static const struct dsc_pickle_global globals[] = {
    { "keras_preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "keras.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "keras.src.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "keras.src.legacy.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "keras.legacy.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "tf_keras.src.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "tensorflow.python.keras.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "tensorflow.python.keras._impl.keras.preprocessing.text", "Tokenizer", DSC_PICKLE_TOKENIZER },
    { "collections", "OrderedDict", DSC_PICKLE_DICT_CLASS },
    { "collections", "defaultdict", DSC_PICKLE_DICT_CLASS },
    { "builtins", "dict", DSC_PICKLE_DICT_CLASS },
    { "__builtin__", "dict", DSC_PICKLE_DICT_CLASS },
    { "builtins", "int", DSC_PICKLE_OTHER_CLASS },
    { "__builtin__", "int", DSC_PICKLE_OTHER_CLASS },
    { "__builtin__", "long", DSC_PICKLE_OTHER_CLASS },
    { "builtins", "list", DSC_PICKLE_OTHER_CLASS },
    { "__builtin__", "list", DSC_PICKLE_OTHER_CLASS },
    { "builtins", "set", DSC_PICKLE_OTHER_CLASS },
    { "__builtin__", "set", DSC_PICKLE_OTHER_CLASS },
    { "builtins", "frozenset", DSC_PICKLE_OTHER_CLASS },
    { "__builtin__", "frozenset", DSC_PICKLE_OTHER_CLASS },
    { "builtins", "object", DSC_PICKLE_OTHER_CLASS },
    { "__builtin__", "object", DSC_PICKLE_OTHER_CLASS },
    { "builtins", "bytes", DSC_PICKLE_BYTES_CLASS },
    { "__builtin__", "bytes", DSC_PICKLE_BYTES_CLASS },
    { "builtins", "bytearray", DSC_PICKLE_BYTES_CLASS },
    { "__builtin__", "bytearray", DSC_PICKLE_BYTES_CLASS },
    { "_codecs", "encode", DSC_PICKLE_CODECS_ENCODE },
    { "copyreg", "_reconstructor", DSC_PICKLE_RECONSTRUCTOR },
    { "copy_reg", "_reconstructor", DSC_PICKLE_RECONSTRUCTOR },
    { "numpy", "ndarray", DSC_PICKLE_NP_NDARRAY },
    { "numpy", "dtype", DSC_PICKLE_NP_DTYPE },
    { "numpy.core.multiarray", "_reconstruct", DSC_PICKLE_NP_RECONSTRUCT },
    { "numpy._core.multiarray", "_reconstruct", DSC_PICKLE_NP_RECONSTRUCT },
    { "numpy.core.multiarray", "scalar", DSC_PICKLE_NP_SCALAR },
    { "numpy._core.multiarray", "scalar", DSC_PICKLE_NP_SCALAR },
    { "numpy.core.numeric", "_frombuffer", DSC_PICKLE_NP_FROMBUFFER },
    { "numpy._core.numeric", "_frombuffer", DSC_PICKLE_NP_FROMBUFFER },
};

static bool same(const char *known, const char *text, size_t len)
{
    return strlen(known) == len && !memcmp(known, text, len);
}

const struct dsc_pickle_global *dsc_pickle_find_global(const char *module, size_t module_len,
                                                       const char *name, size_t name_len)
{
    for (size_t i = 0; i < DSC_COUNT(globals); i++)
        if (same(globals[i].module, module, module_len) && same(globals[i].name, name, name_len))
            return &globals[i];
    return NULL;
}
