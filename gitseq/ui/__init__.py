"""Consumers of events: what a person or a program sees."""
