"""Pages, papers and tables handed on."""
