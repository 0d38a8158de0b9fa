/* Whole lines only. */
#include "util/lines.h"

bool lines_next(FILE *file, char *line, size_t size)
{
	for (;;) {
		bool whole = true;
		size_t length = 0;
		int c;

		while ((c = getc(file)) != EOF && c != '\n') {
			whole = whole && c != '\0' && length + 1 < size;
			if (whole)
				line[length++] = (char)c;
		}
		line[length] = '\0';
		if (c == EOF && (length == 0 || ferror(file)))
			return false;
		if (whole)
			return true;
	}
}
