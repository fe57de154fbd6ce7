"""What reports of plans and of promotions have in common: what speaks against them, counts, and notes.

Everything in them may come from anybody who can edit content, and is made harmless on its way out.
"""
