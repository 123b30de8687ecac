"""A model's Markdown as Slack shows it best, and safely. Pure."""
