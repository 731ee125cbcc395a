"""A configuration file becomes a `Plan`."""
