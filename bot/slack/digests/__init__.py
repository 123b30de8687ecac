"""Digests in Slack: the command, the form, the buttons, the post."""
