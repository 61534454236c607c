/* Detached signatures of module files: the only OpenSSL of this floor. */
#ifndef DEDIT_POLICY_SIGN_H
#define DEDIT_POLICY_SIGN_H

#include "base/err.h"

/*
 * The file open as fd is signed by `signature`: CMS (RFC 5652), PEM, detached, over the bytes of
 * the file, with the signer's certificate in it, as `openssl cms -sign -binary -outform PEM` makes
 * it. That certificate has to be meant for code signing, and to lead to a certificate in the file
 * `ca`. Reads fd from its start.
 */
int sign_verify(int fd, const char *signature, const char *ca, struct err *e);

/* The file holds certificates that signatures can be verified with. ERR_DENIED with the reason. */
int sign_check_authority(const char *ca, struct err *e);

#endif
