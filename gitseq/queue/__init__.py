"""Tickets, lease, token and nesting: one at a time, in order, for everyone. See docs/explanation/queue.md."""
