"""What is done: turns, errands and digests, each once, whichever process does it."""
