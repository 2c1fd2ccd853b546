/* exit.h - what a program's exit code says. */
#ifndef DSC_EXIT_H
#define DSC_EXIT_H

enum dsc_exit {
    DSC_EXIT_NONE = -1,   /* not an exit code: go on */
    DSC_EXIT_OK = 0,      /* done */
    DSC_EXIT_FAILED = 1,  /* nothing was done */
    DSC_EXIT_USAGE = 2,   /* wrong options, operands or configuration */
    DSC_EXIT_PARTLY = 3,  /* some inputs failed, the rest are done */
    DSC_EXIT_SIGNAL = 128 /* + n: ended by signal n */
};

#endif
