"""Pictures of stories: written anew from what was uploaded or fetched, kept once per newsletter, served as what they are.

Nothing of an upload is passed on but its pixels: encode.py decodes it and writes a picture of its own, in a size that
mail needs and a format that every mail program shows.
"""
