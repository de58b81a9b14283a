"""Documents: notes of identities and of derivatives, as LaTeX, as Markdown and as a page of HTML."""
