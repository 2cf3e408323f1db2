"""The database: the embedded server, connections, migrations, and running a file of `sql/`."""
