"""The imperative shell: what a run does, step by step. It emits events and prints nothing."""
