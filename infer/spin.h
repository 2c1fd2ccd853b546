/* spin.h - how long threads that wait for each other keep a processor. */
#ifndef DSC_SPIN_H
#define DSC_SPIN_H

/* GNU's OpenMP lets a waiting thread spin for milliseconds, which on a machine with other work
 * takes the processor from the very thread it waits for: a picture of 4 ms then takes up to a
 * second. With the bound set here it is 3.5 ms on a calm machine and 10 ms beside a busy
 * program, every time. The bound can only be given in the environment before the program
 * begins, so this begins the program anew, once. A bound or a policy that the user has set
 * stays. Returns when there is nothing to do or when that fails. */
void spin_briefly(char **argv);

#endif
