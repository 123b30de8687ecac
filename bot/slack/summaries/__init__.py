"""Summaries in Slack: the command, the form, the buttons, what is read and shown."""
