"""Side effects, one module per kind; the only importers of `os`' process, environment and clock calls."""
