"""Push (WebSub, W3C Recommendation of 2018): a hub of our own for every feed, and pings of other people's hubs."""
