"""The rehearsal model: Model Studio's protocols, and answers made up from the question."""
