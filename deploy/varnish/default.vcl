# The service behind Varnish: a feed cache in front of two web machines, purged by key.
#
# Install as /etc/varnish/default.vcl, with varnish.service.d/syndication.conf, which starts Varnish. Change the two web
# machines, and the networks that may purge and see /metrics and /readyz. Varnish does not support TLS: put hitch in
# front of it (hitch.conf beside this file), or HAProxy in mode tcp with "send-proxy-v2".
#
# It listens on three sockets. "readers" is plain HTTP for everyone. "proxied" takes the PROXY protocol, with the
# reader's address, from a TLS terminator on this machine. Only "inside" accepts purges and shows /metrics, and only to
# the networks below: requests through a proxy on this machine never reach it.
vcl 4.1;

import directors;
import std;

# A machine gets requests while it is ready: it has loaded the feeds, even if the database is down.
probe ready {
    .url = "/readyz";
    .interval = 1s;
    .timeout = 1s;
    .window = 4;
    .threshold = 2;
    .initial = 2;
}

backend web1 {
    .host = "web1.daily.example";
    .port = "8000";
    .probe = ready;
    .connect_timeout = 1s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 10s;
    .max_connections = 256;
}

backend web2 {
    .host = "web2.daily.example";
    .port = "8000";
    .probe = ready;
    .connect_timeout = 1s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 10s;
    .max_connections = 256;
}

acl inside {
    "127.0.0.1";
    "::1";
    "10.0.0.0"/8;
}

sub vcl_init {
    new webs = directors.round_robin();
    webs.add_backend(web1);
    webs.add_backend(web2);
}

sub vcl_recv {
    if (req.restarts == 0) {
        # Internal, see vcl_hit.
        unset req.http.X-Want;
        call drop_underscores;
        # Varnish has appended its peer to the client's header. Only the peer is trusted (editors.trusted_proxies = 1).
        # With the PROXY protocol the peer is the reader. Behind another HTTP proxy that replaces the header by the
        # reader's address, remove this line and set 2.
        set req.http.X-Forwarded-For = client.ip;
        if (req.http.X-Request-ID !~ "^[A-Za-z0-9._-]{1,128}$") {
            set req.http.X-Request-ID = "varnish-" + req.xid;
        }
    }
    set req.backend_hint = webs.backend();

    if (req.method == "PURGE") {
        if (local.socket != "inside" || client.ip !~ inside) {
            return (synth(403, "Purges are accepted only from the internal network"));
        }
        call purge_by_key;
    }
    # Varnish would pipe an unknown method unseen.
    if (req.method !~ "^(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE)$") {
        return (synth(405, "Method Not Allowed"));
    }
    # The valid paths, each in one spelling: another spelling would be cached twice, or bypass the cache.
    if (req.url ~ "^/(metrics|readyz)(\?|$)") {
        # About the one machine that answers: Prometheus scrapes each machine directly.
        if (local.socket != "inside" || client.ip !~ inside) {
            return (synth(404, "Not found"));
        }
    } elsif (req.url !~ "^/feeds/[a-z0-9-]+([+~][a-z0-9-]+)*(\.(atom|rss|json))?(\?|$)" &&
        # A name in any script, with its bytes encoded as the service writes them. One in another spelling that is let
        # through gets a redirect that is not kept.
        req.url !~ "^/feeds/(tag|author)/([A-Za-z0-9._-]|%20|%[89A-F][0-9A-F])+(\?|$)" &&
        req.url !~ "^/sitemap(-[a-z0-9-]+)?\.xml(\?|$)" &&
        req.url !~ "^/(api/v1/|static/|(editors|hub)(/|\?|$)|(healthz|opml\.xml|feeds\.json|robots\.txt|combine)?(\?|$))") {
        return (synth(404, "Not found"));
    }
    call bound_body;
    if (req.url !~ "^/feeds/" || req.method == "OPTIONS") {
        return (pass);
    }
    if (req.method !~ "^(GET|HEAD)$") {
        return (synth(405, "Feeds are read-only"));
    }

    # The response depends on nothing else: not on the query or the client. Part of a feed is useless.
    set req.url = regsub(req.url, "\?.*$", "");
    unset req.http.Authorization;
    unset req.http.Cookie;
    unset req.http.Range;
    call normalise_coding;
    # A browser that opens a feed gets its page, which is never stored and must not replace the feed.
    if (req.http.Sec-Fetch-Dest == "document" && req.url ~ "\.(atom|rss|json)$") {
        return (pass);
    }
    unset req.http.Sec-Fetch-Dest;
    # Which copies may be served: only fresh ones, or any that are kept.
    if (req.http.X-Want == "new") {
        set req.grace = 0s;
    } else {
        set req.grace = 365d;
    }
    return (hash);
}

# Web servers treat X_Forwarded_For and X-Forwarded-For as one name: a client could override what is set here, or vary a
# cached response in a way that Varnish does not see. These are the headers that the service reads.
sub drop_underscores {
    unset req.http.X_Forwarded_For;
    unset req.http.X_Forwarded-For;
    unset req.http.X-Forwarded_For;
    unset req.http.Sec_Fetch_Dest;
    unset req.http.Sec_Fetch-Dest;
    unset req.http.Sec-Fetch_Dest;
    unset req.http.X_Request_ID;
    unset req.http.X_Request-ID;
    unset req.http.X-Request_ID;
    unset req.http.Accept_Encoding;
    unset req.http.If_None_Match;
    unset req.http.If_None-Match;
    unset req.http.If-None_Match;
    unset req.http.If_Modified_Since;
    unset req.http.If_Modified-Since;
    unset req.http.If-Modified_Since;
    unset req.http.If_Unmodified_Since;
    unset req.http.If_Unmodified-Since;
    unset req.http.If-Unmodified_Since;
    unset req.http.If_Match;
    unset req.http.If_Range;
    unset req.http.Content_Type;
    unset req.http.Content_Length;
    unset req.http.Content_Encoding;
    unset req.http.Transfer_Encoding;
}

# The service's own limits: a batch of a thousand articles, one article, and 64 KiB for all else. Short bodies, and all
# bodies for other paths, are buffered here, so that a slow client occupies Varnish and not a web process. Long bodies
# are streamed.
sub bound_body {
    set req.http.X-Longest = "65536";
    if (req.url ~ "^/api/v1/articles:batch(\?|$)") {
        set req.http.X-Longest = "33554432";
    } elsif (req.url ~ "^/api/v1/(articles/|previews(\?|$)|webhooks/|sources/[^/]+/look(\?|$))") {
        set req.http.X-Longest = "16777216";
    } elsif (req.url ~ "^/hub/echo/") {
        set req.http.X-Longest = "8388608";
    }
    if (std.integer(req.http.Content-Length, 0) > std.integer(req.http.X-Longest, 0)) {
        return (synth(413, "The body is too large"));
    }
    if (req.http.X-Longest == "65536" ||
        (req.http.Content-Length && std.integer(req.http.Content-Length, 0) <= 65536)) {
        if ((req.http.Content-Length || req.http.Transfer-Encoding) && !std.cache_req_body(64KB)) {
            return (synth(413, "The body is too large or incomplete"));
        }
    }
    unset req.http.X-Longest;
}

# PURGE with "Surrogate-Key: feed-taiwan". Several keys are separated by spaces; "feeds" is everything.
sub purge_by_key {
    # Only names, so that no other condition can be injected into the ban.
    if (req.http.Surrogate-Key !~ "^[a-z0-9-][a-zA-Z0-9+~/%-]*( [a-z0-9-][a-zA-Z0-9+~/%-]*)*$") {
        return (synth(400, "Set Surrogate-Key to the keys to purge, such as feed-taiwan"));
    }
    # The ban refers only to objects (obj.), so that Varnish's ban lurker can process and discard it.
    # A plus is one, and no repetition.
    set req.http.Surrogate-Key = regsuball(regsuball(req.http.Surrogate-Key, "\+", "[+]"), " ", "|");
    if (std.ban("obj.http.Surrogate-Key ~ (^|\s)(" + req.http.Surrogate-Key + ")(\s|$)")) {
        return (synth(200, "Purged"));
    }
    return (synth(500, std.ban_error()));
}

# Reduces Accept-Encoding to one of seven values: the first of our encodings that is acceptable, with gzip if that is too,
# or "identity;q=0", which gets 406. A weight of 0 refuses; other weights are not compared. A feed that few read
# has only gzip: a client that takes it gets that, not ten times as many bytes.
sub normalise_coding {
    unset req.http.X-With-Gzip;
    if (req.http.Accept-Encoding ~ "^.{513}") {
        # Longer than the service reads, and than regular expressions with a step limit can match.
        set req.http.Accept-Encoding = "identity";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])(x-)?gzip\s*(,|$|;\s*q=(1|0?\.0*[1-9]))" ||
        req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?gzip\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.X-With-Gzip = ", gzip";
    }
    if (req.http.Accept-Encoding ~ "(?i)(^|[\s,])br\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "br" + req.http.X-With-Gzip;
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])zstd\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "zstd" + req.http.X-With-Gzip;
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])(x-)?gzip\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "gzip";
    } elsif (req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?br\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        # "*" matches any encoding that is not named and thereby refused.
        set req.http.Accept-Encoding = "br" + req.http.X-With-Gzip;
    } elsif (req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?zstd\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "zstd" + req.http.X-With-Gzip;
    } elsif (req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?gzip\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "gzip";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])identity\s*;\s*q=0(\.0*)?\s*(,|$)" ||
        req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?identity)(.*[\s,])?\*\s*;\s*q=0(\.0*)?\s*(,|$)") {
        # Identity was refused, by name or by "*".
        set req.http.Accept-Encoding = "identity;q=0";
    } else {
        set req.http.Accept-Encoding = "identity";
    }
    unset req.http.X-With-Gzip;
}

# By path only: the Host header does not change a feed. The feed's Vary separates encodings.
sub vcl_hash {
    hash_data(req.url);
    return (lookup);
}

# A stale copy. While a machine is healthy, the copy is served during stale-while-revalidate, and a new one is fetched in
# the background; after that the reader waits for the new one. Without a healthy machine, or when fetching fails
# (vcl_deliver), the copy is served for as long as it is kept (stale-if-error).
sub vcl_hit {
    if (obj.ttl < 0s && req.http.X-Want != "any" && std.healthy(req.backend_hint) && obj.ttl + std.duration(
        regsub(obj.http.Cache-Control, "^.*stale-while-revalidate=([0-9]+).*$", "\1s"), 0s) < 0s) {
        set req.http.X-Want = "new";
        return (restart);
    }
    return (deliver);
}

sub vcl_backend_fetch {
    # Feeds come from memory, and new ones within on_demand.wait_seconds: if a machine takes longer, the other one is
    # tried.
    if (bereq.url ~ "^/feeds/") {
        set bereq.first_byte_timeout = 4s;
    }
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.status >= 500) {
        if (bereq.retries == 0) {
            return (retry);
        }
        # Keep an existing copy, and do not cache the failure.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        return (deliver);
    }
    # Clients can request any number of missing paths: these responses have their own small storage and evict no feed.
    if (beresp.status != 200) {
        set beresp.storage = storage.others;
    }
    if (beresp.http.Cache-Control ~ "no-store") {
        set beresp.uncacheable = true;
        set beresp.ttl = 5s;
        return (deliver);
    }
    # Varnish itself reads s-maxage and stale-while-revalidate, but not stale-if-error.
    if (std.duration(regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s) > beresp.grace) {
        set beresp.grace = std.duration(
            regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    }
    # Kept somewhat longer for its ETag: a 304 renews it.
    set beresp.keep = 10m;
    return (deliver);
}

sub vcl_backend_error {
    # Try the other machine, but never send a write twice.
    if (bereq.retries == 0 && bereq.method ~ "^(GET|HEAD)$") {
        return (retry);
    }
    if (bereq.is_bgfetch) {
        return (abandon);
    }
    if (bereq.http.X-Want == "new") {
        # The waiting reader has a stale copy, which this error must not replace.
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
    }
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "5";
    set beresp.body = {"The service is not available. Try again in a few seconds.
"};
    return (deliver);
}

sub vcl_deliver {
    if (resp.status >= 500 && req.http.X-Want == "new") {
        set req.http.X-Want = "any";
        return (restart);
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
        if (obj.ttl < 0s) {
            set resp.http.X-Cache = "STALE";
        }
    } elsif (req.url ~ "^/feeds/") {
        set resp.http.X-Cache = "MISS";
    }
    set resp.http.X-Request-ID = req.http.X-Request-ID;
    # The keys are for this cache. If a CDN in front purges by them too, keep them.
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
    unset resp.http.CDN-Cache-Control;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    return (deliver);
}

sub vcl_synth {
    set resp.http.Cache-Control = "no-store";
    set resp.http.X-Content-Type-Options = "nosniff";
    if (resp.status == 405) {
        set resp.http.Allow = "GET, HEAD, OPTIONS";
    }
    if (resp.status == 413) {
        # Do not read the rest of the body.
        set resp.http.Connection = "close";
    }
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    set resp.body = resp.reason + {".
"};
    return (deliver);
}
