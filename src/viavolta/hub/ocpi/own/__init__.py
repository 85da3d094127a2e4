"""What partners may see of an organisation: kept as they see it, with the time of its last change.

One module for each kind of object makes its content from the tables; `keeping` writes down what
changed and whom to tell. Pages of lists are read from what is kept, so that a change is seen and
told in the same words.
"""
