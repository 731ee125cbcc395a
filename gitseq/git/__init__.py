"""One function per question put to git."""
