"""Accessible PDF: matplotlib writes untagged pages; this adds what screen readers need.

A page becomes one tagged figure with alternative text below a document root, with language and
title (PDF 32000-1, 14.7 and 14.8). Conformity with PDF/UA must be checked by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, String


def tagged(pdf: bytes, title: str, alternatives: Sequence[str], language: str = "de-DE") -> bytes:
    """``pdf`` with one figure per page; ``alternatives``: one text per page."""
    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root
        tree = document.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        whole = document.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name.Document, P=tree, T=String(title))
        )
        figures = []
        numbers: list[pikepdf.Object | int] = []
        for i, (page, words) in enumerate(zip(document.pages, alternatives, strict=True)):
            box = page.mediabox
            figure = document.make_indirect(
                Dictionary(
                    Type=Name.StructElem,
                    S=Name.Figure,
                    P=whole,
                    Pg=page.obj,
                    K=0,
                    Alt=String(words),
                    Lang=String(language),
                    A=Dictionary(O=Name.Layout, Placement=Name.Block, BBox=Array(list(box))),
                )
            )
            page.obj.StructParents = i
            page.obj.Tabs = Name.S
            page.contents_add(b"/Figure <</MCID 0>> BDC\n", prepend=True)
            page.contents_add(b"\nEMC")
            figures.append(figure)
            numbers += [i, document.make_indirect(Array([figure]))]
        whole.K = Array(figures)
        tree.K = Array([whole])
        tree.ParentTree = document.make_indirect(Dictionary(Nums=Array(numbers)))
        tree.ParentTreeNextKey = len(figures)
        root.StructTreeRoot = tree
        root.MarkInfo = Dictionary(Marked=True)
        root.Lang = String(language)
        root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        with document.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["dc:title"] = title
            metadata["dc:language"] = [language]
        out = BytesIO()
        document.save(out)
    return out.getvalue()
