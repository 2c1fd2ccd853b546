/* threads.h - what the threads of the math libraries do while they have nothing to do. */
#ifndef DSC_THREADS_H
#define DSC_THREADS_H

/* Two libraries take their settings from the environment before a program begins, and both have
 * defaults that do harm here:
 *
 *   GOMP_SPINCOUNT        GNU's OpenMP lets a waiting thread spin for milliseconds, which on a
 *                         machine with other work takes the processor from the very thread it
 *                         waits for: a picture of 4 ms then takes up to a second. With the bound
 *                         set here it is 3.5 ms on a calm machine, 10 ms beside a busy program.
 *   OPENBLAS_NUM_THREADS  OpenBLAS begins a thread for each processor, which Describe never uses
 *                         (each of its own threads calls it for itself), and under a limit on
 *                         memory those threads ask for more for ever.
 *
 * So this begins the program anew with both, once. What the user has set stays. Returns when
 * there is nothing to set or when that fails. */
void threads_settle(char **argv);

#endif
