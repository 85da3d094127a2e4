"""Documents on paper: blocks of text, figures, tables and pictures, set by typst as PDF.

`blocks` has the pieces, `document.pdf_of(document)` gives the bytes of the file: the same blocks,
the same bytes. The sentences are those of the page (`markup.Html`), the charts and maps, too; texts
from outside travel as data and never as markup. Fonts are those that typst carries along. May
import the rest of `reports` and model.
"""
