"""Adding a corpus: look at the files, say what is wrong and what it costs, write the entry."""
