"""A local Slack workspace and a rehearsal model, to try the bot and to test it against.

It imports nothing of the rest: the bot reaches it by URL, as it would reach Slack and Model Studio.
It refuses what they refuse, in their words.
"""
