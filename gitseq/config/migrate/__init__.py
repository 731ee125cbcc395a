"""Other hook managers' configurations become a gitseq.toml that a person can read."""
