#include "http/token.h"

#include <string.h>

/* 26 characters of five bits, and six that only find it. */
void token_make(char id[TOKEN_ID_SIZE], char token[TOKEN_SIZE], char hash[CHAIN_SIZE])
{
	enum { SECRET = 26, ID = TOKEN_ID_SIZE - 1 };

	random_word(token, ID);
	token[ID] = '-';
	random_word(token + ID + 1, SECRET);
	token[ID + 1 + SECRET] = '\0';
	memcpy(id, token, ID);
	id[ID] = '\0';
	digest_chain(token, strlen(token), hash);
}
