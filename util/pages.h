/* Pages of the program that only its start needed. */
#ifndef UTIL_PAGES_H
#define UTIL_PAGES_H

/*
 * Gives back the pages of code and constants: they come back from the file by themselves when they are
 * touched. For a process that stays, once its start is over.
 */
void pages_give_back(void);

#endif
