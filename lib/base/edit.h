/*
 * edit - how far two words are from each other, for "did you mean"
 */
#ifndef BH_EDIT_H
#define BH_EDIT_H

enum { EDIT_LENGTH_MAX = 40 };

/* Letters to insert, delete, change, or exchange with their neighbour (optimal string
 * alignment); EDIT_LENGTH_MAX when either word is longer than that. */
unsigned edit_distance(const char *a, const char *b);

#endif
