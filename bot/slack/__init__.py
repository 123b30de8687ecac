"""The only room that knows Slack: what comes from it, what is fetched, how a reply is shown."""
