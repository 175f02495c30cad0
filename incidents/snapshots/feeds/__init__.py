"""Incidents and maintenance as Atom and RSS, entries as the readers of Atlassian's feeds expect them."""
