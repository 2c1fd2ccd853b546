/* cmd.h - the verbs of `describe`, and their tables for --help, manual and tests. */
#ifndef DSC_CMD_H
#define DSC_CMD_H

#include "core/cli/options.h"

int cmd_caption(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_predict(int argc, char **argv);

extern const struct dsc_command cmd_caption_command, cmd_inspect_command, cmd_predict_command;

#endif
