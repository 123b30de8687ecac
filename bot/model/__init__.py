"""The only room that knows Model Studio: one client, one file for each protocol, one catalogue."""
