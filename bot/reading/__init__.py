"""What people share, made readable for the model: pages, pictures, documents, recordings."""
