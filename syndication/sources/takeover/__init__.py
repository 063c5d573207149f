"""Compares the feeds of the newsroom's earlier system with ours, before and after its addresses come here.

``autodiscovery``  the feeds and pages that a page links to.
``crawl``          finds the earlier system's feeds, from its home page.
``comparison``     where each of them goes, and how many ids agree.
``arrival``        requests old addresses as readers do: does each come here, and not in a circle?

It only reads, one request at a time.
"""
