"""How hooks of each language are installed and started, one module a language."""
