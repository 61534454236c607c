/* Secrets that are shown once: application passwords, and what stands in the links of feeds. */
#ifndef DEDIT_HTTP_TOKEN_H
#define DEDIT_HTTP_TOKEN_H

#include "base/digest.h"

enum { TOKEN_ID_SIZE = 7, TOKEN_SIZE = 34, TOKENS_MAX = 64 /* of one account */ };
/* A new one, "<id>-<secret>" of 128 random bits, and what is kept of it. */
void token_make(char id[TOKEN_ID_SIZE], char token[TOKEN_SIZE], char hash[CHAIN_SIZE]);

#endif
