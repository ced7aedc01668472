"""Teachers who change schools: who is due for it, and how evenly schools are staffed."""
