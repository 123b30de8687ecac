"""The playground's Slack: its Web API, its events, its rules."""
