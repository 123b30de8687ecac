"""The answer as it grows in a Slack thread."""
