"""For people and their CMS: who may, the API, and why a story is or is not in a feed.

It writes requests and reads outcomes: it renders nothing, regenerates nothing, and is never on the way of a poll.
"""
