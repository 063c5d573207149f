"""Push (WebSub, W3C Recommendation of 2018): a hub of our own for every feed, and pings of other people's hubs.

``callbacks``  which addresses of subscribers may be called, and how parameters are added to them.
``requests``   reads what a subscriber asks the hub for.
``topics``     which feed a topic's address means.
``verify``     asks callbacks whether they meant it, and tells them if they are denied.
"""
