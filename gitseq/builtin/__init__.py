"""Hygiene hooks that run in the engine's own process."""
