"""Unstaged work is moved out of the hooks' sight and comes back, whatever dies meanwhile (docs: guard.md)."""
