"""gitseq: git hooks one at a time, each in a cage, and no byte lost."""

__version__ = "0.1.0"
