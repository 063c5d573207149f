"""A newsroom's articles, syndicated: store → gather → render → publish → serve.

``store``    keeps the articles, and notices by triggers whatever changed.
``gather``   turns changed and due articles into sections to regenerate, and a section into a Feed.
``render``   turns a Feed into the bytes of Atom, RSS and JSON Feed.
``publish``  compares, compresses and writes a version, if the content changed.
``serve``    keeps the documents in memory and answers polls.

Two kinds of process share one database: the worker (gather, render, publish) and the web
process (serve). Neither talks to the other in any other way.
"""

__version__ = "0.1.0"
