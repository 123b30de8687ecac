"""A model's Markdown as real files: Word, Excel, PowerPoint, PDF and plain ones. Pure: bytes out."""
