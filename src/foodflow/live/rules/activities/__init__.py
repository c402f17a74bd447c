"""Kinds of activity, one file each: what it is set up with, what may be answered, how
answers add up, what came of it.
"""
