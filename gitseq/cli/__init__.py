"""A file per verb: parse, wire, map the outcome to an exit code."""
