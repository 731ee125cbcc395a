"""Programs of our own that run as hooks, or around them: children in the cage like any other command."""
