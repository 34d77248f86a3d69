"""The rooms of Yueke; see the house map in the README."""
