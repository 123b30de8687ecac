"""Documents: as the model reads them, also where they are longer than a prompt."""
