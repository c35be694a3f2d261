#include "engine/container_name.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdio.h>

static const char *const adjectives[] = {
	"able",	    "agile",  "alert",	"amber",   "ample",  "apt",	"bold",	  "brave",
	"bright",   "brisk",  "calm",	"candid",  "clear",  "clever",	"cosmic", "crisp",
	"curious",  "daring", "deft",	"eager",   "early",  "earnest", "easy",	  "fair",
	"fancy",    "fleet",  "fond",	"frank",   "fresh",  "gentle",	"glad",	  "golden",
	"grand",    "happy",  "hardy",	"honest",  "humble", "jolly",	"keen",	  "kind",
	"lively",   "loyal",  "lucid",	"lucky",   "mellow", "merry",	"mild",	  "modest",
	"neat",	    "nimble", "noble",	"patient", "plain",  "polite",	"prompt", "proud",
	"quick",    "quiet",  "ready",	"robust",  "serene", "sharp",	"silent", "simple",
	"sincere",  "smart",  "solid",	"steady",  "stout",  "sunny",	"swift",  "tidy",
	"tranquil", "trusty", "upbeat", "vivid",   "warm",   "wise",	"witty",  "zealous",
};

static const char *const surnames[] = {
	"abel",	      "ampere",	  "archimedes", "babbage",   "backus",	 "bell",       "bernoulli",
	"bohr",	      "boole",	  "borg",	"brunel",    "cantor",	 "cauchy",     "church",
	"codd",	      "cray",	  "curie",	"darwin",    "dijkstra", "dirac",      "diesel",
	"edison",     "einstein", "engelbart",	"euclid",    "euler",	 "faraday",    "fermat",
	"fermi",      "feynman",  "floyd",	"fourier",   "franklin", "galileo",    "galois",
	"gauss",      "germain",  "goedel",	"goodall",   "hamilton", "hamming",    "heisenberg",
	"hertz",      "hilbert",  "hoare",	"hopper",    "hubble",	 "huffman",    "hypatia",
	"jacobi",     "joule",	  "kepler",	"kilby",     "knuth",	 "kolmogorov", "lagrange",
	"lamarr",     "laplace",  "leibniz",	"liskov",    "lovelace", "markov",     "maxwell",
	"mcclintock", "meitner",  "mendel",	"minsky",    "moore",	 "morse",      "napier",
	"nash",	      "neumann",  "newton",	"nobel",     "noether",	 "ohm",	       "pascal",
	"pasteur",    "planck",	  "poincare",	"ramanujan", "riemann",	 "ritchie",    "rutherford",
	"shannon",    "tesla",	  "thompson",	"torvalds",  "turing",	 "volta",      "watt",
	"wiles",      "wirth",	  "wright",	"yonath",    "zuse",
};

const char *container_name_bare(const char *name)
{
	return *name == '/' ? name + 1 : name;
}

static bool is_name_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || !name[1])
		return false;
	for (const char *c = name + 1; *c; c++)
		if (!is_name_character(*c))
			return false;
	return true;
}

bool container_name_check(const char *name, struct error *err)
{
	if (is_name(container_name_bare(name)))
		return true;
	return error_set(err, ERROR_INVALID,
			 "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
			 name);
}

void container_name_make(unsigned number, int digit, char out[static CONTAINER_NAME_SIZE])
{
	const char *adjective = adjectives[number % array_length(adjectives)];
	const char *surname = surnames[number / array_length(adjectives) % array_length(surnames)];

	if (digit < 0)
		snprintf(out, CONTAINER_NAME_SIZE, "%s_%s", adjective, surname);
	else
		snprintf(out, CONTAINER_NAME_SIZE, "%s_%s%d", adjective, surname, digit % 10);
}
