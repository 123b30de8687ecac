"""The only room that knows SQL: tables, the database, and one file for each family of queries."""
