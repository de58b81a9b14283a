"""The notations in which an answer is read: text of the language, LaTeX, entries with deltas, cases, explicit entries."""
