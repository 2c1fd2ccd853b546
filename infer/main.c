#include <stddef.h>

#include "core/cli/program.h"
#include "infer/cmd.h"
#include "infer/threads.h"

static const struct dsc_verb verbs[] = {
    { "caption", cmd_caption, "write a sentence about each picture" },
    { "predict", cmd_predict, "run a model on the numbers of a file, as Keras' predict" },
    { "inspect", cmd_inspect, "say what a model, tokenizer or picture is" },
    { NULL, NULL, NULL },
};

static const struct dsc_program program = {
    .name = "describe",
    .about = "Turns pictures into sentences with captioners trained in Keras.",
    .verbs = verbs,
    .default_verb = "caption",
};

int main(int argc, char **argv)
{
    threads_settle(argv);
    return dsc_program_run(&program, argc, argv);
}
