"""Installing the bot in workspaces, and leaving them."""
