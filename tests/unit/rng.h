/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rng: random numbers that are the same on every machine and in every run with a seed.
 */
#ifndef TESTS_RNG_H
#define TESTS_RNG_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct rng {
	uint64_t state;
};

/* The next 64 bits (the generator is splitmix64). */
static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/* 0 to @n - 1; @n is 2^32 at most, so that a size_t of 32 bits holds it. */
static inline size_t rng_below(struct rng *rng, uint64_t n)
{
	return (size_t)(rng_next(rng) % n);
}

/* True once in @n times. */
static inline bool rng_once_in(struct rng *rng, size_t n)
{
	return rng_below(rng, n) == 0;
}

/* A decimal number from the environment, or @otherwise. */
static inline uint64_t rng_setting(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoumax(text, NULL, 10) : otherwise;
}

/* The seed: SUBID_TEST_SEED, or a constant. Tests print it when they fail. */
static inline uint64_t rng_seed(void)
{
	return rng_setting("SUBID_TEST_SEED", 20140917);
}

#endif
