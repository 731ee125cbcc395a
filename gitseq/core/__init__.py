"""Pure decisions: value in, value out. Nothing here touches a file, a process, the clock or the environment."""
