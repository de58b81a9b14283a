"""The notations in which an answer is read: text, LaTeX, entries with deltas, cases, explicit entries."""
