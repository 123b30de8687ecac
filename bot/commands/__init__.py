"""What `bot` can be told to do beside running: one file for each command."""
