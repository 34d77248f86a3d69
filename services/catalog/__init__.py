"""Catalog: the menu of courses and the teaching sites."""
