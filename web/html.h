/*
 * Pages for people: plain HTML with one small style sheet and no script, readable and printable without
 * anything else. All text goes through html_text (architecture.md 15.36).
 */
#ifndef DEDIT_WEB_HTML_H
#define DEDIT_WEB_HTML_H

#include "base/buf.h"
#include "web/page.h"

/* Sets the headers of such a page (but Cache-Control) and writes all up to the text. language: "en". */
void html_begin(struct page_request *rq, const char *language, const char *title);
/* Ends the page; the status. */
int html_end(struct page_request *rq);

/* Appends text so that it means itself, in an element and in a quoted attribute. */
void html_text(struct buf *out, const char *text);
/* <name>text</name>; its direction is the text's own, so that names don't reorder what stands around. */
void html_element(struct buf *out, const char *name, const char *text);
/* A paragraph for each line of the text that isn't empty. */
void html_paragraphs(struct buf *out, const char *text);
/* A link, if href is http, https, mailto or a path; else the text alone. */
void html_link(struct buf *out, const char *href, const char *text);

#endif
