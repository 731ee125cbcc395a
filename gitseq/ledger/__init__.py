"""The store of passes."""
